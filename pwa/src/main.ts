import '@/theme/base.css'
import { createWebHistory } from 'vue-router'
import { createEngine } from '@/engine'
import { t } from '@/locales'
import { mountApplication } from '@/mount'
import { pathOfFragment } from '@/router'

async function start(): Promise<void> {
  const engine = await createEngine()
  const meant = pathOfFragment(window.location.hash)
  if (meant !== null) window.history.replaceState(null, '', meant)
  mountApplication(engine, createWebHistory(), '#app')
}

start().catch((error: unknown) => {
  // The phone forbids its storage (a private window, a full disk): say so, rather than show nothing.
  const root = document.querySelector('#app')
  if (root) root.textContent = t('app.cannotStart')
  throw error
})
