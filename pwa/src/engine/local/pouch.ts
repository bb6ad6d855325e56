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
  allDocs(options: { keys?: string[] }): Promise<{ rows: { id?: string; value?: { rev: string; deleted?: true } }[] }>
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

const BODIES = 'by-sequence'
const LOCALS = 'local-store'

/**
 * All `_local/` documents whose id begins with `prefix`.
 *
 * PouchDB has no call for this. Its `idb` adapter keeps them in an object store of their own, which is read here over a
 * second connection. It writes them within `bulkDocs`' own transaction, which is why they are worth it: a document and
 * the marker that says it is unsent become durable together or not at all, and a marker taken off leaves nothing behind.
 */
export async function localDocuments<T>(name: string, prefix: string): Promise<T[]> {
  return reading(name, [LOCALS], async (store) => (await result(store(LOCALS).getAll(beginning(prefix)))) as T[])
}

export interface Snapshot<T> {
  readonly documents: readonly Stored[]
  readonly locals: readonly T[]
  readonly sequence: number
}

/**
 * Everything at one moment: what `allDocs` would say, the `_local/` documents of `prefix`, and the update sequence.
 *
 * Read past PouchDB, for speed: `allDocs` asks for the bodies one by one, which on a slow phone is most of a cold start.
 * Only leaves have bodies here (see {@link openDatabase}), so a document with one body has no conflicts; PouchDB itself
 * is asked for the others.
 */
export async function snapshot<T>(name: string, db: Local, prefix: string): Promise<Snapshot<T>> {
  const { bodies, locals, last } = await reading(name, [BODIES, LOCALS], async (store) => {
    const [all, found, cursor] = await Promise.all([
      result(store(BODIES).getAll()),
      result(store(LOCALS).getAll(beginning(prefix))),
      result(store(BODIES).openKeyCursor(null, 'prev')),
    ])
    return { bodies: all as Body[], locals: found as T[], last: cursor }
  })
  const leaves = new Map<string, Body | null>()
  for (const body of bodies) {
    const id = body._doc_id_rev.slice(0, body._doc_id_rev.lastIndexOf('::'))
    leaves.set(id, leaves.has(id) ? null : body)
  }
  const several = [...leaves].flatMap(([id, body]) => (body ? [] : [id]))
  const asked = several.length === 0 ? { rows: [] } : await db.allDocs({ keys: several, include_docs: true, conflicts: true })
  const documents = [...leaves].flatMap(([id, body]) => (body && !body._deleted ? [stored(id, body)] : []))
  return { documents: [...documents, ...asked.rows.flatMap(({ doc }) => doc ?? [])], locals, sequence: Number(last?.key ?? 0) }
}

/** A leaf as the adapter keeps it. */
interface Body {
  readonly _doc_id_rev: string
  readonly _deleted?: boolean
  readonly _attachments?: Readonly<Record<string, object>>
}

function stored(id: string, { _doc_id_rev: key, ...body }: Body): Stored {
  const document = { ...body, _id: id, _rev: key.slice(id.length + 2) }
  if (!body._attachments) return document as unknown as Stored
  const stubs = Object.entries(body._attachments).map(([name, attachment]) => [name, { ...attachment, stub: true }])
  return { ...document, _attachments: Object.fromEntries(stubs) as unknown } as unknown as Stored
}

function beginning(prefix: string): IDBKeyRange {
  return IDBKeyRange.bound(prefix, `${prefix}\uffff`)
}

async function reading<T>(name: string, stores: string[], job: (store: (name: string) => IDBObjectStore) => Promise<T>): Promise<T> {
  const connection = await result(indexedDB.open(`_pouch_${name}`))
  try {
    const transaction = connection.transaction(stores)
    return await job((store) => transaction.objectStore(store))
  } finally {
    connection.close()
  }
}
