/**
 * Run jobs of one name one after another: within this page by a chain of promises, between tabs by the Web Locks API.
 * Where a browser has no Web Locks (Safari before 15.4), tabs are told apart by revision conflicts alone.
 */
export class Mutex {
  readonly #name: string
  #last: Promise<unknown> = Promise.resolve()

  constructor(name: string) {
    this.#name = `baijiamen:${name}`
  }

  run<T>(job: () => Promise<T>): Promise<T> {
    const next = this.#last.then(() => this.#locked(job))
    this.#last = next.catch(() => undefined)
    return next
  }

  #locked<T>(job: () => Promise<T>): Promise<T> {
    const locks = lockManager()
    // The cast: the library's types let the promise nest.
    return locks ? (locks.request(this.#name, job) as Promise<T>) : job()
  }
}

export function lockManager(): LockManager | undefined {
  return (globalThis.navigator as Partial<Navigator> | undefined)?.locks
}
