/// <reference lib="webworker" />
/**
 * The page kept for a start with no network, and push. Nothing of the API is ever cached here: personal data lives in
 * the account's own databases, which go when the account signs out.
 */

import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching'
import { NavigationRoute, registerRoute } from 'workbox-routing'

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: { url: string; revision: string | null }[] }

const SERVER = [/^\/api(?:\/|$)/, /^\/sync(?:\/|$)/, /^\/metrics$/, /^\/healthz$/, /^\/readyz$/]

interface Message {
  readonly key: string
  readonly kind: string
  readonly title: string
  readonly body: string
  readonly url: string
  readonly tag?: string
}

precacheAndRoute(self.__WB_MANIFEST)
cleanupOutdatedCaches()
registerRoute(new NavigationRoute(createHandlerBoundToURL('/index.html'), { denylist: SERVER }))

self.addEventListener('activate', (event) => {
  // The very first worker serves the page that installed it: a reload in the stairwell works at once.
  event.waitUntil(self.clients.claim())
})

self.addEventListener('message', (event) => {
  const data = event.data as { kind?: string } | null
  if (data?.kind === 'take-over') void self.skipWaiting()
})

self.addEventListener('push', (event) => {
  event.waitUntil(show(read(event.data)))
})

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(open((event.notification.data as { url?: string } | null)?.url))
})

self.addEventListener('pushsubscriptionchange', (event) => {
  ;(event as ExtendableEvent).waitUntil(tell({ kind: 'subscription-changed' }))
})

function read(data: PushMessageData | null): Message {
  const fallback = { key: 'baijiamen', kind: 'digest', title: '百家门', body: '有新的提醒，点开查看', url: '/' }
  try {
    return { ...fallback, ...(data?.json() as Partial<Message> | undefined) }
  } catch {
    // Browsers withdraw the permission of a worker that shows nothing.
    return fallback
  }
}

async function show(message: Message): Promise<void> {
  await self.registration.showNotification(message.title, {
    body: message.body,
    // The same matter sent twice shows once.
    tag: message.key,
    lang: 'zh-CN',
    icon: '/icons/192.png',
    badge: '/icons/192.png',
    data: { url: message.url },
  })
  await tell({ kind: 'push', message })
}

async function tell(message: unknown): Promise<void> {
  for (const client of await windows()) client.postMessage(message)
}

async function open(url = '/'): Promise<void> {
  const target = new URL(url, self.location.origin)
  // A push can only lead into this application.
  if (target.origin !== self.location.origin) target.href = self.location.origin
  for (const client of await windows()) {
    await client.focus()
    if (client.url !== target.href) {
      // Refused for a page that an earlier worker serves: it is asked to go there by itself.
      await client.navigate(target.href).catch(() => undefined)
    }
    return
  }
  await self.clients.openWindow(target.href)
}

function windows(): Promise<readonly WindowClient[]> {
  return self.clients.matchAll({ type: 'window', includeUncontrolled: true })
}
