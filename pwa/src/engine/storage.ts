import type { StorageSnapshot, StorageState } from './face'
import { Source } from './observed'

export class LocalStorageState implements StorageState {
  readonly #source = new Source<StorageSnapshot>({ used: null, quota: null, persisted: false, documents: 0 })
  readonly #documents: () => number
  readonly on = this.#source.on

  constructor(documents: () => number) {
    this.#documents = documents
  }

  get state(): StorageSnapshot {
    return this.#source.state
  }

  async refresh(): Promise<StorageSnapshot> {
    const storage = storageManager()
    const [estimate, persisted] = await Promise.all([storage?.estimate?.().catch(() => null), storage?.persisted?.().catch(() => false)])
    this.#source.set({
      used: estimate?.usage ?? null,
      quota: estimate?.quota ?? null,
      persisted: persisted ?? false,
      documents: this.#documents(),
    })
    return this.state
  }

  async askPersist(): Promise<boolean> {
    await storageManager()?.persist?.().catch(() => false)
    return (await this.refresh()).persisted
  }
}

function storageManager(): Partial<StorageManager> | undefined {
  return (globalThis.navigator as Partial<Navigator> | undefined)?.storage
}
