import type { Observed, Unsubscribe } from './face'

/** A value that others follow. Listeners are told in the order in which they came; one that throws stops nobody. */
export class Source<T> implements Observed<T> {
  #state: T
  readonly #listeners = new Set<(state: T) => void>()

  constructor(state: T) {
    this.#state = state
  }

  get state(): T {
    return this.#state
  }

  set(state: T): void {
    if (Object.is(state, this.#state)) return
    this.#state = state
    for (const listener of [...this.#listeners]) {
      try {
        listener(state)
      } catch (error) {
        reportError(error)
      }
    }
  }

  readonly on = (listener: (state: T) => void): Unsubscribe => {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }
}

/** The same for what happens once and leaves no state. */
export class Signal<T> {
  readonly #listeners = new Set<(value: T) => void>()

  emit(value: T): void {
    for (const listener of [...this.#listeners]) listener(value)
  }

  readonly on = (listener: (value: T) => void): Unsubscribe => {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }
}
