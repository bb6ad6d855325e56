/**
 * Proving that this phone holds what the server holds, by one number; and where it does not, finding what differs in two
 * more requests and mending that. What is asked: docs/protocol.md, "Proof of sync".
 */

import type { AnyDocument, Stored } from '../documents'
import type { AreaStore } from '../local/area'
import type { Wire } from '../wire'
import { lacking, type Comparison } from './compare'
import { bucketOf, bucketsFor, digestOf, share, type Share } from './digest'
import { fetchRevisions, keep, position, rewind } from './pull'

/** What was found, in numbers of documents, and what became of it. */
export interface Finding {
  /** Compared. */
  readonly checked: number
  /** Not compared: the server is still to have what this phone has of them. */
  readonly unsent: number
  /** Ids of those that the server holds and this phone did not, or not in that revision: here now. */
  readonly fetched: readonly string[]
  /** This account's, and the server had lost them: marked as waiting to be sent. */
  readonly again: number
  /** Others', on this phone and not on the server: left as they are, their authors' phones may still send them. */
  readonly extra: number
  /** The server holds them, and this phone could not take them in. */
  readonly unmended: number
  /** The server was set back without a word: its feed is to be read from the beginning. */
  readonly rewound: boolean
}

interface Answer {
  readonly seq: string
  readonly count: number
  readonly digest: string
  readonly changed: readonly string[]
  readonly buckets?: readonly (readonly [count: number, digest: string])[]
  readonly documents?: readonly (readonly [id: string, rev: string])[]
}

type Ask = (more?: { buckets: number; list?: readonly number[] }) => Promise<Answer>

/** Documents that the server lists at a time. */
const LISTED = 5_000
const FETCHED = 500
const TIMEOUT_MS = 60_000

/**
 * Compare `store` with the server's database `remote`, and mend what differs.
 *
 * @throws as {@link Wire.send}; what was mended before that stays
 */
export async function prove(store: AreaStore, remote: string, wire: Wire, comparison: Comparison): Promise<Finding> {
  const since = await position(store.db, comparison.uuid)
  // In this order: what is saved or comes in meanwhile is among the unsent or the changed, and left out on both sides.
  const held = [...(await store.live())].map(([id, rev]) => share(id, rev))
  const without = (await store.markers()).map((marker) => marker.doc)
  const ask: Ask = (more) => {
    const body = { since, without, ...more }
    return wire.send<Answer>(`${remote}/_digest`, { method: 'POST', body, timeout: TIMEOUT_MS, signal: comparison.signal })
  }
  const told = await ask()
  // What a server that was set back writes now has numbers that this phone believes to have seen.
  const rewound = Number(told.seq) < Number(since)
  if (rewound) await rewind(store.db)
  const finding = { rewound, checked: told.count, unsent: without.length, fetched: [], again: 0, extra: 0, unmended: 0 }
  if (same(told, compared(held, without, told))) return finding
  const { wanted, extra } = await differing(held, without, ask)
  return { ...finding, ...(await mend(store, remote, wire, comparison, wanted, extra)) }
}

function compared(held: readonly Share[], without: readonly string[], { changed }: Answer): readonly Share[] {
  const left = new Set([...without, ...changed])
  return held.filter(({ id }) => !left.has(id))
}

function same({ count, digest }: Pick<Answer, 'count' | 'digest'>, shares: readonly Share[]): boolean {
  return count === shares.length && digest === digestOf(shares)
}

interface Differing {
  /** Document id → the server's winner, where this phone has no or another one. */
  readonly wanted: ReadonlyMap<string, string>
  /** Ids of documents that only this phone has. */
  readonly extra: readonly string[]
}

async function differing(held: readonly Share[], without: readonly string[], ask: Ask): Promise<Differing> {
  const buckets = bucketsFor(held.length)
  const parted = await ask({ buckets })
  const mine = byBucket(compared(held, without, parted), buckets)
  const unlike = (parted.buckets ?? []).flatMap(([count, digest], index) => (same({ count, digest }, mine[index] ?? []) ? [] : [{ index, count }]))
  const wanted = new Map<string, string>()
  const extra: string[] = []
  for (const list of portions(unlike)) {
    const told = await ask({ buckets, list })
    const there = new Map(told.documents)
    const parts = byBucket(compared(held, without, told), buckets)
    const here = new Map(list.flatMap((index) => (parts[index] ?? []).map(({ id, rev }) => [id, rev] as const)))
    for (const [id, rev] of there) if (here.get(id) !== rev) wanted.set(id, rev)
    for (const id of here.keys()) if (!there.has(id)) extra.push(id)
  }
  return { wanted, extra: extra.filter((id) => !wanted.has(id)) }
}

function byBucket(shares: readonly Share[], buckets: number): Share[][] {
  const parts: Share[][] = Array.from({ length: buckets }, () => [])
  for (const each of shares) parts[bucketOf(each, buckets)]?.push(each)
  return parts
}

/** Part buckets into runs of which the server lists all documents at once. */
function portions(buckets: readonly { index: number; count: number }[]): number[][] {
  const runs: number[][] = []
  let room = 0
  for (const { index, count } of buckets) {
    if (runs.length === 0 || count > room) {
      runs.push([])
      room = LISTED
    }
    runs.at(-1)?.push(index)
    room -= count
  }
  return runs
}

async function mend(
  store: AreaStore,
  remote: string,
  wire: Wire,
  comparison: Comparison,
  wanted: ReadonlyMap<string, string>,
  extra: readonly string[],
): Promise<Pick<Finding, 'fetched' | 'again' | 'extra' | 'unmended'>> {
  const ids = [...wanted.keys()]
  for (let from = 0; from < ids.length; from += FETCHED) {
    const batch = ids.slice(from, from + FETCHED)
    // Without a revision: all leaves, as the feed tells of all.
    const documents = await fetchRevisions(remote, wire, batch.map((id) => ({ id })), comparison.signal)
    await keep(store.db, documents)
    await uncover(store, wanted, batch, documents)
  }
  const now = await store.live([...ids, ...extra])
  const fetched = ids.filter((id) => now.get(id) === wanted.get(id))
  // What this phone shows in place of the server's, or beside it, and the server may never have had or have lost.
  const own = [...(await store.current([...now.keys()].filter((id) => now.get(id) !== wanted.get(id)))).values()]
  const { lost, gone } = await lacking(store, own.map((doc) => ({ id: doc._id, doc })), remote, wire, comparison)
  if (lost.length + gone.length > 0) await store.compared(comparison.uuid, lost, gone, comparison.now)
  const settled = new Set([...lost, ...gone].map((doc) => doc._id))
  const left = own.filter((doc) => !settled.has(doc._id))
  return { fetched, again: lost.length, extra: left.length, unmended: ids.filter((id) => !now.has(id)).length }
}

/** A tombstone of this phone's own, of which the server does not know, may lie on what the server holds. */
async function uncover(store: AreaStore, wanted: ReadonlyMap<string, string>, ids: readonly string[], documents: readonly AnyDocument[]) {
  const now = await store.live([...ids])
  for (const document of documents as readonly Stored[]) {
    if (!now.has(document._id) && wanted.get(document._id) === document._rev) await store.stand(document)
  }
}
