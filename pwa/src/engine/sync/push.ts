/**
 * Sending what the server does not have.
 *
 * Not PouchDB's replicator: what is unsent is known exactly, from the markers, so a round with nothing to send costs no
 * request; documents that came from the server are not offered back to it; a document may be held for the moment in
 * which it can be taken back; and what the server acknowledged or refused is known document by document.
 */

import { isHeld, type AreaStore, type Marker } from '../local/area'
import type { Wire } from '../wire'

export interface Acknowledged {
  readonly marker: Marker
  /** Null: the server has it. Else why it does not want it. */
  readonly refused: string | null
}

interface Revision {
  readonly _id: string
  readonly _rev: string
  readonly _revisions?: { start: number; ids: string[] }
  readonly _attachments?: Record<string, { data?: string; length?: number }>
}

interface Refused {
  readonly id: string
  readonly error?: string
  readonly reason?: string
}

const BATCH_DOCUMENTS = 200
/** Photos travel as base64 inside JSON: few at a time, so that a weak signal moves at least one. */
const BATCH_BYTES = 700_000

/**
 * Send the documents of `markers`, in their order, and settle each batch's markers as soon as it is answered.
 *
 * @returns what became of each; a document written again meanwhile keeps its marker and is not among the acknowledged
 * @throws as {@link Wire.send}; batches answered before that stay settled
 */
export async function push(
  store: AreaStore,
  remote: string,
  wire: Wire,
  markers: readonly Marker[],
  now: () => number,
  onSettled: (store: AreaStore, batch: readonly Acknowledged[]) => Promise<void>,
): Promise<void> {
  for (let from = 0; from < markers.length; from += BATCH_DOCUMENTS) {
    // Read anew: a marker taken off since (taken back, discarded) is not to be sent.
    const fresh = await Promise.all(markers.slice(from, from + BATCH_DOCUMENTS).map((marker) => store.marker(marker.doc)))
    const batch = fresh.filter((marker) => marker !== null && !isHeld(marker, now()) && !marker.refused) as Marker[]
    if (batch.length > 0) await pushBatch(store, remote, wire, batch, now, onSettled)
  }
}

async function pushBatch(
  store: AreaStore,
  remote: string,
  wire: Wire,
  markers: readonly Marker[],
  now: () => number,
  onSettled: (store: AreaStore, batch: readonly Acknowledged[]) => Promise<void>,
): Promise<void> {
  const leaves = new Map(await Promise.all(markers.map(async (marker) => [marker.doc, await store.leaves(marker.doc)] as const)))
  const known = Object.fromEntries([...leaves].map(([id, revs]) => [id, revs]))
  const diff = await wire.send<Record<string, { missing: string[] }>>(`${remote}/_revs_diff`, { method: 'POST', body: known })
  const refused = new Map<string, string>()
  let batch: Revision[] = []
  let bytes = 0
  const sent = async () => {
    if (batch.length === 0) return
    for (const [id, reason] of await send(remote, wire, batch)) refused.set(id, reason)
    batch = []
    bytes = 0
  }
  for (const [id, { missing }] of Object.entries(diff)) {
    for (const rev of missing) {
      const revision = await read(store, id, rev)
      const size = sizeOf(revision)
      if (bytes + size > BATCH_BYTES) await sent()
      batch.push(revision)
      bytes += size
    }
  }
  await sent()
  const answers = markers.map((marker) => ({ marker, refused: refused.get(marker.doc) ?? null }))
  const settled = await store.settle(
    answers.map(({ marker, refused: reason }) => ({
      marker,
      next: reason === null ? null : { ...marker, refused: { reason, at: now() } },
    })),
  )
  await onSettled(store, answers.filter(({ marker }) => settled.has(marker.doc)))
}

async function send(remote: string, wire: Wire, docs: readonly Revision[]): Promise<Map<string, string>> {
  const body = { docs, new_edits: false }
  const timeout = 30_000 + docs.reduce((total, each) => total + sizeOf(each), 0) / 8
  const answers = await wire.send<Refused[]>(`${remote}/_bulk_docs`, { method: 'POST', body, timeout })
  const refused = answers.filter((answer) => answer.error !== undefined)
  const trouble = refused.find(({ error }) => error !== 'forbidden' && error !== 'unauthorized')
  // Only a refusal is about the document; anything else is the server's trouble and passes: all of it goes again.
  if (trouble) throw new BatchError(trouble.error ?? 'unknown', trouble.reason ?? '')
  return new Map(refused.map(({ id, error, reason }) => [id, reason ?? error ?? '']))
}

export class BatchError extends Error {
  override readonly name = 'BatchError'

  constructor(
    readonly error: string,
    readonly reason: string,
  ) {
    super(`${error}: ${reason}`)
  }
}

function read(store: AreaStore, id: string, rev: string): Promise<Revision> {
  return store.db.get<Revision>(id, { rev, revs: true, attachments: true })
}

function sizeOf(revision: Revision): number {
  const attachments = Object.values(revision._attachments ?? {})
  return attachments.reduce((total, each) => total + (each.data?.length ?? 0), 1_000)
}
