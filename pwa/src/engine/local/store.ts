/** A small store of the engine's own beside PouchDB's: the session, drafts, and what was rescued. One IndexedDB database. */

const NAME = 'baijiamen'
const STORE = 'kept'

export class KeptStore {
  readonly #database: IDBDatabase

  private constructor(database: IDBDatabase) {
    this.#database = database
    // Another tab with a newer version of the application must not wait for this one.
    database.onversionchange = () => {
      database.close()
    }
  }

  static async open(): Promise<KeptStore> {
    const request = indexedDB.open(NAME, 1)
    request.onupgradeneeded = () => {
      request.result.createObjectStore(STORE)
    }
    return new KeptStore(await result(request))
  }

  async get<T>(key: string): Promise<T | undefined> {
    return (await result(this.#store('readonly').get(key))) as T | undefined
  }

  /** Everything whose key begins with `prefix`, keys without it. */
  async all<T>(prefix: string): Promise<Map<string, T>> {
    const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`)
    const store = this.#store('readonly')
    const [keys, values] = await Promise.all([result(store.getAllKeys(range)), result(store.getAll(range))])
    return new Map(keys.map((key, index) => [String(key).slice(prefix.length), values[index] as T]))
  }

  /** Ends when the value is durable. */
  async set(key: string, value: unknown): Promise<void> {
    const store = this.#store('readwrite')
    store.put(value, key)
    await completed(store.transaction)
  }

  async delete(key: string): Promise<void> {
    const store = this.#store('readwrite')
    store.delete(key)
    await completed(store.transaction)
  }

  async deleteAll(prefix: string): Promise<void> {
    const store = this.#store('readwrite')
    store.delete(IDBKeyRange.bound(prefix, `${prefix}\uffff`))
    await completed(store.transaction)
  }

  close(): void {
    this.#database.close()
  }

  #store(mode: IDBTransactionMode): IDBObjectStore {
    return this.#database.transaction(STORE, mode).objectStore(STORE)
  }
}

export function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => {
      resolve(request.result)
    }
    request.onerror = () => {
      reject(request.error ?? new Error('IndexedDB failed'))
    }
  })
}

function completed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => {
      resolve()
    }
    transaction.onabort = transaction.onerror = () => {
      reject(transaction.error ?? new Error('IndexedDB aborted'))
    }
  })
}
