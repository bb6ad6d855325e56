import '@/theme/base.css'
import { createWebHistory } from 'vue-router'
import { createEngine } from '@/engine'
import { mountApplication } from '@/mount'
import { pathOfFragment } from '@/router'

const engine = await createEngine()
const meant = pathOfFragment(window.location.hash)
if (meant !== null) window.history.replaceState(null, '', meant)
mountApplication(engine, createWebHistory(), '#app')
