/**
 * After the server came back from a backup: what it took in since then, it has no more, and does not know that it had.
 * Whoever wrote something down still holds it, and sends it again.
 */

import type { AnyDocument, Stored } from '../documents'
import type { AreaStore } from '../local/area'
import type { Held } from '../local/pouch'
import type { Wire } from '../wire'

const BATCH = 500

export interface Comparison {
  /** The server's identity now: a restored server has a new one. */
  readonly uuid: string
  readonly account: string
  readonly now: number
  readonly signal?: AbortSignal | undefined
}

type Missing = Readonly<Record<string, { missing: readonly string[]; possible_ancestors?: readonly string[] }>>

/**
 * Mark in `stores` what the server has lost as waiting again, if it was not this server that they were compared with.
 *
 * At the first contact nothing is asked: all that a phone held before has its marker.
 *
 * @returns how many documents wait again
 * @throws as {@link Wire.send}; nothing is marked then, and the next round compares again
 */
export async function compare(stores: readonly AreaStore[], remote: string, wire: Wire, comparison: Comparison): Promise<number> {
  let waiting = 0
  for (const store of stores) waiting += await compareOne(store, remote, wire, comparison)
  return waiting
}

async function compareOne(store: AreaStore, remote: string, wire: Wire, comparison: Comparison): Promise<number> {
  const { uuid, now } = comparison
  const known = await store.server()
  if (known === uuid) return 0
  const held = known === null ? [] : await store.held()
  const { lost, gone } = await lacking(store, held, remote, wire, comparison)
  await store.compared(uuid, lost, gone, now)
  return lost.length
}

/**
 * Ask which of the documents `held` the server lacks.
 *
 * @returns those that are this account's to send (again), and those that can only end here
 */
export async function lacking(
  store: AreaStore,
  held: readonly Pick<Held, 'id' | 'doc'>[],
  remote: string,
  wire: Wire,
  { account, signal }: Comparison,
): Promise<{ lost: readonly Stored[]; gone: readonly Stored[] }> {
  const lost: Stored[] = []
  const gone: Stored[] = []
  for (let from = 0; from < held.length; from += BATCH) {
    const batch = held.slice(from, from + BATCH)
    const revs = Object.fromEntries(await Promise.all(batch.map(async ({ id }) => [id, await store.leaves(id)] as const)))
    const missing = await wire.send<Missing>(`${remote}/_revs_diff`, { method: 'POST', body: revs, signal })
    for (const { id, doc } of batch) {
      const answer = missing[id]
      if (!doc || !answer || answer.missing.length === 0) continue
      if (isOwn(doc, account, answer.possible_ancestors !== undefined)) lost.push(doc)
      // Only the server writes reviews: one that it lost was never spoken, and would stand against the next.
      else if (doc.type === 'review' && !doc._deleted && answer.missing.includes(doc._rev)) gone.push(doc)
    }
  }
  return { lost, gone }
}

/**
 * Whether this account may send a document that the server lacks. Others' are sent by their own phones.
 *
 * @param edited the server has an earlier revision
 */
function isOwn(doc: AnyDocument & { readonly _deleted?: boolean }, account: string, edited: boolean): boolean {
  // A deletion of what is not there needs no telling; tombstones made here say whose document it was.
  if (doc._deleted) return edited && doc.by === account
  if (doc.type === 'review') return false
  if (doc.by === account) return true
  if (!edited) return false
  // Everybody may edit a household, and whoever is to come back may say that it was done.
  return doc.type === 'household' || (doc.type === 'followup' && doc.to === account && doc.state !== 'open')
}
