import { createRouter, type Router, type RouteRecordRaw, type RouterHistory } from 'vue-router'
import type { Engine } from '@/engine'
import BuildingPage from '@/features/buildings/BuildingPage.vue'
import HouseholdPage from '@/features/households/HouseholdPage.vue'
import OutboxPage from '@/features/outbox/OutboxPage.vue'
import TodayPage from '@/features/today/TodayPage.vue'
import MendPage from '@/features/visits/MendPage.vue'

// What a visitor needs at a door is in the first script; the rest comes when it is asked for.
export const routes: RouteRecordRaw[] = [
  { path: '/', redirect: { name: 'today' } },
  { path: '/login', name: 'login', component: () => import('@/features/session/LoginPage.vue'), meta: { open: true } },
  { path: '/setup', name: 'setup', component: () => import('@/features/session/SetupPage.vue'), meta: { open: true } },
  { path: '/today', name: 'today', component: TodayPage },
  { path: '/building', name: 'building', component: BuildingPage },
  { path: '/household/:id', name: 'household', component: HouseholdPage, props: true },
  { path: '/household/:id/edit', name: 'household-edit', component: () => import('@/features/households/HouseholdEditPage.vue'), props: true },
  { path: '/visit/:id/mend', name: 'mend', component: MendPage, props: true },
  { path: '/outbox', name: 'outbox', component: OutboxPage },
  { path: '/reviews/:id?', name: 'reviews', component: () => import('@/features/reviews/ReviewsPage.vue'), props: true },
  { path: '/me', name: 'me', component: () => import('@/features/me/MePage.vue') },
  { path: '/me/password', name: 'password', component: () => import('@/features/me/PasswordPage.vue') },
  { path: '/me/card', name: 'card', component: () => import('@/features/me/CardPage.vue') },
  { path: '/:rest(.*)*', name: 'missing', component: () => import('@/features/shell/MissingPage.vue'), meta: { open: true } },
]

/** The application's pages; whoever is signed out is led to the log-in first and then to where they wanted to go. */
export function makeRouter(engine: Engine, history: RouterHistory): Router {
  const router = createRouter({
    history,
    routes,
    // The first page is at its top already; to say so again would have it laid out twice.
    scrollBehavior: (_to, from, saved) => saved ?? (from.matched.length > 0 ? { top: 0 } : false),
  })
  router.beforeEach((to) => {
    const signedOut = engine.session.state.phase === 'signed-out'
    if (signedOut && !to.meta.open) return { name: 'login', query: to.name === 'today' ? {} : { next: to.fullPath } }
    if (!signedOut && (to.name === 'login' || to.name === 'setup')) return { name: 'today' }
    return true
  })
  return router
}

/**
 * The path that a link with a fragment such as `/#/setup/<token>` means, or null. The one-time token stays in the
 * fragment, which browsers never send to a server.
 */
export function pathOfFragment(fragment: string): string | null {
  const setup = /^#\/setup\/([^/]+)$/.exec(fragment)
  if (setup) return `/setup#${setup[1] ?? ''}`
  return /^#\/[^/]/.test(fragment) ? fragment.slice(1) : null
}
