// Before anything opens a database: PouchDB takes an adapter in only where IndexedDB is there already.
import 'fake-indexeddb/auto'

const native = globalThis.structuredClone

// Node cannot clone happy-dom's blobs; they are immutable, so the same one does.
globalThis.structuredClone = ((value: unknown) => clone(value)) as typeof structuredClone

function clone(value: unknown): unknown {
  if (value instanceof Blob) return value
  if (Array.isArray(value)) return value.map(clone)
  if (value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, clone(each)]))
  }
  return native(value)
}
