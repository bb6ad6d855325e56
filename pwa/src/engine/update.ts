import type { UpdateSnapshot, UpdateState } from './face'
import { Source } from './observed'

const CHECK_EVERY_MS = 3_600_000

/** The service worker: a new version waits until the user takes it. */
export class WorkerUpdate implements UpdateState {
  readonly #source = new Source<UpdateSnapshot>({ available: false, offlineReady: false })
  readonly #end = new AbortController()
  #registration: ServiceWorkerRegistration | null = null
  #timer: ReturnType<typeof setInterval> | null = null
  readonly on = this.#source.on

  get state(): UpdateSnapshot {
    return this.#source.state
  }

  async start(script: string, type: WorkerType): Promise<void> {
    const workers = (globalThis.navigator as Partial<Navigator> | undefined)?.serviceWorker
    if (!workers) return
    try {
      this.#registration = await workers.register(script, { type, updateViaCache: 'none' })
    } catch {
      // A private window, or no network at the very first start: the next start tries again.
      return
    }
    this.#registration.addEventListener('updatefound', () => this.#follow(this.#registration?.installing ?? null), {
      signal: this.#end.signal,
    })
    this.#follow(this.#registration.installing)
    this.#look()
    this.#timer = setInterval(() => void this.check(), CHECK_EVERY_MS)
  }

  async check(): Promise<void> {
    await this.#registration?.update().catch(() => undefined)
    this.#look()
  }

  async apply(): Promise<void> {
    const waiting = this.#registration?.waiting
    if (!waiting) return
    const changed = new Promise<void>((resolve) => {
      navigator.serviceWorker.addEventListener('controllerchange', () => {
        resolve()
      }, { once: true })
    })
    waiting.postMessage({ kind: 'take-over' })
    await changed
    location.reload()
  }

  close(): void {
    this.#end.abort()
    if (this.#timer) clearInterval(this.#timer)
  }

  #follow(worker: ServiceWorker | null): void {
    worker?.addEventListener('statechange', () => {
      this.#look()
    })
  }

  #look(): void {
    const registration = this.#registration
    const available = Boolean(registration?.waiting && registration.active)
    const offlineReady = Boolean(registration?.active)
    if (available !== this.state.available || offlineReady !== this.state.offlineReady) {
      this.#source.set({ available, offlineReady })
    }
  }
}
