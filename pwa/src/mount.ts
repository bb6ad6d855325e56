import { createApp, type App as Application } from 'vue'
import type { RouterHistory } from 'vue-router'
import App from '@/App.vue'
import { engineKey } from '@/composables/useEngine'
import { useTextSize } from '@/composables/useTextSize'
import type { Engine } from '@/engine'
import { i18n } from '@/locales'
import { makeRouter } from '@/router'

/** Put the application on an engine, real or fake, into an element of the page. */
export function mountApplication(engine: Engine, history: RouterHistory, element: string | Element): Application {
  useTextSize()
  const router = makeRouter(engine, history)
  const app = createApp(App).provide(engineKey, engine).use(i18n).use(router)
  // After signing out there is nothing left to show but the log-in.
  engine.session.on((state) => {
    if (state.phase === 'signed-out' && !router.currentRoute.value.meta.open) void router.replace({ name: 'login' })
  })
  app.mount(element)
  return app
}
