import type { PushMessage, PushSnapshot, PushState } from './face'
import { Signal, Source } from './observed'
import type { Wire } from './wire'

/** Web push: asked for by a tap, kept by the browser, known to the server by its endpoint. */
export class WebPush implements PushState {
  readonly #wire: Wire
  readonly #source: Source<PushSnapshot>
  readonly #messages = new Signal<PushMessage>()
  readonly #end = new AbortController()
  readonly on: PushState['on']
  readonly onMessage = this.#messages.on

  constructor(wire: Wire) {
    this.#wire = wire
    this.#source = new Source<PushSnapshot>({ permission: permission(), subscribed: false })
    this.on = this.#source.on
    workers()?.addEventListener('message', (event) => this.#heard(event), { signal: this.#end.signal })
    void this.#look()
  }

  get state(): PushSnapshot {
    return this.#source.state
  }

  async subscribe(): Promise<void> {
    if (permission() === 'unsupported') throw new Error('this browser has no web push')
    if ((await Notification.requestPermission()) !== 'granted') {
      await this.#look()
      throw new Error('notifications are not permitted')
    }
    const registration = await navigator.serviceWorker.ready
    const { key } = await this.#wire.send<{ key: string }>('/api/push/key')
    const applicationServerKey = bytes(key)
    const old = await registration.pushManager.getSubscription()
    // Made for another key (the server was set up anew): the push service would refuse a second one beside it.
    if (old && !same(old.options.applicationServerKey, applicationServerKey)) await old.unsubscribe()
    const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey })
    await this.#register(subscription)
    await this.#look()
  }

  async unsubscribe(): Promise<void> {
    const subscription = await current()
    if (subscription) {
      // The server first: it must not go on sending to what this phone forgot.
      await this.#wire.send('/api/push/subscriptions', { method: 'DELETE', body: { endpoint: subscription.endpoint } })
      await subscription.unsubscribe()
    }
    await this.#look()
  }

  async test(): Promise<void> {
    await this.#wire.send('/api/push/test', { method: 'POST', body: {} })
  }

  /** Say again what the browser holds: it may have changed the subscription while nobody was signed in. */
  async renew(): Promise<void> {
    const subscription = permission() === 'granted' ? await current() : null
    if (subscription) await this.#register(subscription)
    await this.#look()
  }

  /** Signing out: this phone's next user is not to be told of this one's matters. */
  async forget(): Promise<void> {
    const subscription = await current()
    await subscription?.unsubscribe()
    await this.#look()
  }

  close(): void {
    this.#end.abort()
  }

  async #register(subscription: PushSubscription): Promise<void> {
    const { endpoint, keys } = subscription.toJSON()
    await this.#wire.send('/api/push/subscriptions', { method: 'POST', body: { endpoint, keys } })
  }

  #heard(event: MessageEvent): void {
    const data = event.data as { kind?: string; message?: PushMessage } | null
    if (data?.kind === 'push' && data.message) this.#messages.emit(data.message)
    if (data?.kind === 'subscription-changed') void this.renew().catch(() => undefined)
  }

  async #look(): Promise<void> {
    const subscribed = (await current().catch(() => null)) !== null
    const next = { permission: permission(), subscribed }
    if (next.permission !== this.state.permission || subscribed !== this.state.subscribed) this.#source.set(next)
  }
}

function workers(): ServiceWorkerContainer | undefined {
  return (globalThis.navigator as Partial<Navigator> | undefined)?.serviceWorker
}

function permission(): PushSnapshot['permission'] {
  const supported = 'Notification' in globalThis && 'PushManager' in globalThis && workers() !== undefined
  return supported ? Notification.permission : 'unsupported'
}

async function current(): Promise<PushSubscription | null> {
  if (permission() === 'unsupported') return null
  const registration = await workers()?.getRegistration()
  return (await registration?.pushManager.getSubscription()) ?? null
}

function bytes(base64url: string): Uint8Array<ArrayBuffer> {
  const base64 = base64url.replace(/-/g, '+').replace(/_/g, '/')
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
}

function same(held: ArrayBuffer | null, wanted: Uint8Array): boolean {
  if (!held) return false
  const left = new Uint8Array(held)
  return left.length === wanted.length && left.every((byte, index) => byte === wanted[index])
}
