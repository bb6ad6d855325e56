/** The screens on a fake engine, to look at while working on them: `npx vite` and open /dev/?role=both. Not part of the build. */
import '@/theme/base.css'
import { createWebHashHistory } from 'vue-router'
import { mountApplication } from '@/mount'
import { fakeEngine, type FakeEngine, type FakeOptions } from '../tests/features/fake/engine'

declare global {
  interface Window {
    engine: FakeEngine
  }
}

const query = new URLSearchParams(window.location.search)
window.engine = fakeEngine({ role: (query.get('role') ?? 'visitor') as NonNullable<FakeOptions['role']>, empty: query.has('empty') })
mountApplication(window.engine, createWebHashHistory(), '#app')
