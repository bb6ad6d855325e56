/** The engine's face: everything the interface needs, and nothing that knows of Vue. */

export * from './api/types'
export * from './documents'
export * from './errors'
export * from './face'
export { createEngine, type EngineOptions } from './engine'
