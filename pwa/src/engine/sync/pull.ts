/**
 * Taking in what others wrote.
 *
 * Not PouchDB's replicator, for three reasons seen in its source: five requests where nothing is new (here: one); one
 * failed `_bulk_get` makes it fetch document by document for the life of the page; its checkpoint is written after its
 * documents, here it is in their transaction. What is asked of the server is the same protocol.
 */

import type { AnyDocument } from '../documents'
import type { Local } from '../local/pouch'
import type { Wire } from '../wire'

const CHECKPOINT = '_local/pull'
const BATCH = 1_000
/** The server ends a long poll by itself within 55 s. */
const LONGPOLL_TIMEOUT_MS = 75_000

interface Checkpoint {
  readonly _id: string
  readonly _rev?: string
  /** The server's identity: another one after a restore from backup, and then the feed is read from its beginning. */
  readonly uuid: string
  readonly since: string
}

interface ChangesAnswer {
  readonly results: readonly { id: string; seq: string; changes: readonly { rev: string }[] }[]
  readonly last_seq: string
  readonly pending?: number
}

interface BulkGetAnswer {
  readonly results: readonly { id: string; docs: readonly { ok?: AnyDocument; error?: unknown }[] }[]
}

/**
 * Bring `db` up to the server's feed.
 *
 * @returns the ids of the documents that came in
 * @throws as {@link Wire.send}; what came in before that stays, with its checkpoint
 */
export async function pull(db: Local, remote: string, wire: Wire, uuid: string, signal?: AbortSignal): Promise<readonly string[]> {
  let checkpoint = await read(db, uuid)
  const taken: string[] = []
  for (;;) {
    const query = `style=all_docs&limit=${BATCH.toString()}&since=${encodeURIComponent(checkpoint.since)}`
    const changes = await wire.send<ChangesAnswer>(`${remote}/_changes?${query}`, { signal })
    if (changes.last_seq !== checkpoint.since || changes.results.length > 0) {
      const documents = await fetchMissing(db, remote, wire, changes, signal)
      checkpoint = await advance(db, documents, { ...checkpoint, since: changes.last_seq })
      taken.push(...documents.map((document) => document._id))
    }
    if (changes.results.length < BATCH) return taken
  }
}

/** Wait until the feed has something after the checkpoint. False when the server let the wait run out. */
export async function arrival(db: Local, remote: string, wire: Wire, uuid: string, signal: AbortSignal): Promise<boolean> {
  const { since } = await read(db, uuid)
  const query = `feed=longpoll&style=all_docs&limit=1&timeout=50000&since=${encodeURIComponent(since)}`
  const call = { signal, timeout: LONGPOLL_TIMEOUT_MS }
  const changes = await wire.send<ChangesAnswer>(`${remote}/_changes?${query}`, call)
  return changes.results.length > 0
}

/** How far `db` has read the feed. */
export async function position(db: Local, uuid: string): Promise<string> {
  return (await read(db, uuid)).since
}

/** Have the next pull read the feed from its beginning; what is here already is not fetched again. */
export async function rewind(db: Local): Promise<void> {
  await keep(db, [{ ...(await read(db, '')), uuid: '' }])
}

async function read(db: Local, uuid: string): Promise<Checkpoint> {
  const fresh = { _id: CHECKPOINT, uuid, since: '0' }
  try {
    const stored = await db.get<Checkpoint>(CHECKPOINT)
    return stored.uuid === uuid ? stored : { ...fresh, _rev: stored._rev }
  } catch (error) {
    if ((error as { status?: number }).status === 404) return fresh
    throw error
  }
}

async function fetchMissing(
  db: Local,
  remote: string,
  wire: Wire,
  changes: ChangesAnswer,
  signal?: AbortSignal,
): Promise<AnyDocument[]> {
  const offered: Record<string, string[]> = {}
  for (const { id, changes: revs } of changes.results) offered[id] = revs.map(({ rev }) => rev)
  if (Object.keys(offered).length === 0) return []
  const diff = await db.revsDiff(offered)
  const docs = Object.entries(diff).flatMap(([id, { missing }]) => (missing ?? []).map((rev) => ({ id, rev })))
  return docs.length === 0 ? [] : fetchRevisions(remote, wire, docs, signal)
}

/** These revisions, or all leaves of the documents for which none is named, with their histories. */
export async function fetchRevisions(
  remote: string,
  wire: Wire,
  docs: readonly { id: string; rev?: string }[],
  signal?: AbortSignal,
): Promise<AnyDocument[]> {
  // No attachments: only photos have any, and they are in no feed. With them the server gives few documents at a time.
  const path = `${remote}/_bulk_get?revs=true&latest=true`
  const answer = await wire.send<BulkGetAnswer>(path, { method: 'POST', body: { docs }, timeout: 60_000, signal })
  // What is gone or no longer ours comes back empty: skipped.
  return answer.results.flatMap((result) => result.docs.flatMap((each) => each.ok ?? []))
}

/** Keep what came from the server. */
export async function keep(db: Local, documents: readonly object[]): Promise<void> {
  const answers = await db.bulkDocs(documents, { new_edits: false })
  // With `new_edits: false` only failures are listed. A checkpoint that lost to another tab's is read again: at worst
  // the same revisions are offered once more.
  const failed = answers.find((answer) => answer.id !== CHECKPOINT)
  if (failed) throw Object.assign(new Error('the phone could not keep a document'), failed)
}

async function advance(db: Local, documents: readonly AnyDocument[], checkpoint: Checkpoint): Promise<Checkpoint> {
  await keep(db, [...documents, checkpoint])
  const stored = await db.get<Checkpoint>(CHECKPOINT)
  return { ...checkpoint, _rev: stored._rev }
}
