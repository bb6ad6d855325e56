import type { Drafts } from './face'
import type { KeptStore } from './local/store'

/** Drafts in memory, written through. The order of writes to one key is the order of the calls. */
export class LocalDrafts implements Drafts {
  readonly #kept: KeptStore
  #prefix = ''
  #drafts = new Map<string, object>()

  constructor(kept: KeptStore) {
    this.#kept = kept
  }

  async load(prefix: string): Promise<void> {
    this.#prefix = prefix
    this.#drafts = await this.#kept.all<object>(prefix)
  }

  get<T>(key: string): T | null {
    return (this.#drafts.get(key) as T | undefined) ?? null
  }

  async set(key: string, draft: object): Promise<void> {
    // A copy: what the caller goes on to change is its own, and a reactive proxy cannot be stored.
    const copy = plain(draft)
    this.#drafts.set(key, copy)
    await this.#kept.set(this.#prefix + key, copy)
  }

  async clear(key: string): Promise<void> {
    if (this.#drafts.delete(key)) await this.#kept.delete(this.#prefix + key)
  }

  keys(): readonly string[] {
    return [...this.#drafts.keys()]
  }
}

function plain<T>(value: T): T {
  if (Array.isArray(value)) return value.map(plain) as T
  if (ArrayBuffer.isView(value) || value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each as unknown)])) as T
}
