import type { Unsubscribe } from './face'
import { Signal } from './observed'

/** What the browser says of the network and of whether anybody looks. */
export interface Surroundings {
  online(): boolean
  visible(): boolean
  on(listener: () => void): Unsubscribe
}

export function browserSurroundings(): Surroundings & { close(): void } {
  const signal = new Signal<undefined>()
  const tell = () => {
    signal.emit(undefined)
  }
  const ends = new AbortController()
  const options = { signal: ends.signal }
  addEventListener('online', tell, options)
  addEventListener('offline', tell, options)
  addEventListener('pageshow', tell, options)
  document.addEventListener('visibilitychange', tell, options)
  return {
    online: () => navigator.onLine,
    visible: () => document.visibilityState === 'visible',
    on: signal.on,
    close: () => {
      ends.abort()
    },
  }
}
