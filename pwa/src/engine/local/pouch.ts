/** The one place that opens local databases: where encryption at rest will go in. */

import PouchDB from 'pouchdb-core'
import idb from 'pouchdb-adapter-idb'
import type { Stored } from '../documents'
import { result } from './store'

PouchDB.plugin(idb)

export interface Answer {
  readonly id: string
  readonly rev?: string
  readonly error?: unknown
}

/** As much of a PouchDB database as the engine uses, in the engine's own types. */
export interface Local {
  info(): Promise<{ update_seq: number | string }>
  get<T>(id: string, options?: { rev?: string; revs?: boolean; attachments?: boolean }): Promise<T>
  get<T>(id: string, options: { open_revs: 'all' }): Promise<T[]>
  getAttachment(id: string, name: string): Promise<Blob>
  put(doc: object): Promise<Answer>
  bulkDocs(docs: readonly object[], options?: { new_edits: boolean }): Promise<Answer[]>
  allDocs(options: { keys?: string[]; include_docs: true; conflicts?: true }): Promise<{ rows: { doc?: Stored | null }[] }>
  revsDiff(revs: Record<string, string[]>): Promise<Record<string, { missing?: string[] }>>
  changes(options: { live: true; since: number | string; include_docs: true; conflicts: true }): Feed
  changes(options: { since: 0; style: 'all_docs'; include_docs: true }): Promise<{ results: readonly Held[] }>
  destroy(): Promise<void>
  close(): Promise<void>
}

/** A document as the phone holds it, deleted ones too: the winner and all leaf revisions. */
export interface Held {
  readonly id: string
  readonly changes: readonly { rev: string }[]
  readonly doc?: Stored
}

interface Feed {
  on(event: 'change', listener: (change: { doc?: Stored }) => void): Feed
  cancel(): void
}

/**
 * Open (or make) a local database.
 *
 * The `idb` adapter and not `indexeddb`: with the latter two tabs that write in turn abort, and a photo on a losing
 * revision is dropped in silence. Ancestors' bodies are compacted away at once: only leaves are ever read here.
 */
export function openDatabase(name: string): Local {
  return new PouchDB(name, { adapter: 'idb', auto_compaction: true, revs_limit: 1000 }) as unknown as Local
}

/**
 * All `_local/` documents whose id begins with `prefix`.
 *
 * PouchDB has no call for this. Its `idb` adapter keeps them in an object store of their own, which is read here over a
 * second connection. It writes them within `bulkDocs`' own transaction, which is why they are worth it: a document and
 * the marker that says it is unsent become durable together or not at all, and a marker taken off leaves nothing behind.
 */
export async function localDocuments<T>(name: string, prefix: string): Promise<T[]> {
  const connection = await result(indexedDB.open(`_pouch_${name}`))
  try {
    const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`)
    return (await result(connection.transaction('local-store').objectStore('local-store').getAll(range))) as T[]
  } finally {
    connection.close()
  }
}
