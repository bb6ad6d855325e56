/** One area's documents on this phone, with the markers that say which of them the server does not have. */

import type { AnyDocument, Stored } from '../documents'
import { Mutex } from './mutex'
import { localDocuments, openDatabase, snapshot, type Held, type Local } from './pouch'

const MARKER = '_local/outbox:'
const SERVER = '_local/server'

/** Says that a document has a revision which the server has not acknowledged. Written with it, in one transaction. */
export interface Marker {
  readonly _id: string
  readonly _rev?: string
  readonly doc: string
  /** When it was first saved, in ms. */
  readonly at: number
  /** The revision that the server had then; null where it had none. */
  readonly base: string | null
  /** Its body then, so that a refused edit can be given up with no network. */
  readonly before: AnyDocument | null
  /** Not to be sent before this moment (ms): the time to take it back. */
  readonly hold: number
  readonly refused: { readonly reason: string; readonly at: number } | null
}

/** What becomes of one document. */
export interface Change {
  readonly id: string
  /** The next body, given what is there now; null leaves it alone. May run again when another tab was faster. */
  next(current: Stored | null): AnyDocument | null
  /** False for what the server must not hear of: a document taken back before it was ever sent. */
  readonly send?: boolean
}

export interface Loaded {
  readonly documents: readonly Stored[]
  readonly markers: readonly Marker[]
  readonly sequence: number | string
}

const ATTEMPTS = 8
/** A pull of a thousand documents is one change to the screen, not a thousand. */
const GATHER_MS = 20

export class AreaStore {
  readonly #mutex: Mutex

  private constructor(
    /** The granted area's id. */
    readonly area: string,
    readonly kind: 'area' | 'photos',
    /** The local database's name. */
    readonly name: string,
    readonly db: Local,
  ) {
    this.#mutex = new Mutex(name)
  }

  static async open(kind: 'area' | 'photos', area: string, name: string): Promise<AreaStore> {
    const db = openDatabase(name)
    // Ends when the stores are made; only then may a second connection look.
    await db.info()
    return new AreaStore(area, kind, name, db)
  }

  async load(): Promise<Loaded> {
    const { documents, locals: markers, sequence } = await snapshot<Marker>(this.name, this.db, MARKER)
    return { documents, markers, sequence }
  }

  markers(): Promise<Marker[]> {
    return localDocuments<Marker>(this.name, MARKER)
  }

  async marker(id: string): Promise<Marker | null> {
    try {
      return await this.db.get<Marker>(MARKER + id)
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
  }

  /**
   * Be told of every new winner, by whatever tab it was written; many at a time when many come at once. Returns the
   * function that ends it.
   */
  follow(since: number | string, listener: (documents: readonly Stored[]) => void): () => void {
    const feed = this.db.changes({ live: true, since, include_docs: true, conflicts: true })
    let gathered: Stored[] = []
    let timer: ReturnType<typeof setTimeout> | null = null
    feed.on('change', ({ doc }) => {
      if (!doc) return
      gathered.push(doc)
      timer ??= setTimeout(() => {
        const documents = gathered
        gathered = []
        timer = null
        listener(documents)
      }, GATHER_MS)
    })
    return () => {
      feed.cancel()
      if (timer) clearTimeout(timer)
    }
  }

  /** The winners of these ids as the library takes them in: with their conflicts, and tombstones for those gone. */
  async winners(ids: readonly string[]): Promise<Stored[]> {
    const found = await this.db.allDocs({ keys: [...ids], include_docs: true, conflicts: true })
    return found.rows.map(({ doc }, index) => doc ?? ({ _id: ids[index] ?? '', _rev: '', _deleted: true } as Stored))
  }

  /**
   * Write changes and their markers in one transaction.
   *
   * @param hold not to be sent before this moment (ms)
   * @returns the new winners with their markers (null where there is none to send), in the order of `changes`; a change
   *   that left its document alone is not among them
   */
  write(changes: readonly Change[], now: number, hold = 0): Promise<readonly Written[]> {
    return this.#mutex.run(async () => {
      const written = new Map<string, Written>()
      let left = changes
      for (let attempt = 0; left.length > 0; attempt++) {
        if (attempt === ATTEMPTS) throw new Error('too many conflicting writes')
        left = await this.#attempt(left, now, hold, written)
      }
      return changes.flatMap((change) => written.get(change.id) ?? [])
    })
  }

  async #attempt(changes: readonly Change[], now: number, hold: number, written: Map<string, Written>) {
    const [current, markers] = await Promise.all([
      this.current(changes.map((change) => change.id)),
      Promise.all(changes.map((change) => this.marker(change.id))),
    ])
    const pairs = changes.flatMap((change, index) => {
      const before = current.get(change.id) ?? null
      const body = change.next(before)
      if (!body) return []
      const old = markers[index] ?? null
      const document = before ? { ...body, _rev: before._rev } : without(body, '_rev')
      const marker = change.send === false ? null : renewed(change.id, old, before, now, hold)
      return [{ change, document: without(document, '_conflicts'), marker, old }]
    })
    const documents = pairs.map((pair) => pair.document)
    const marks = pairs.flatMap(({ marker, old }) => marker ?? (old ? [{ ...old, _deleted: true }] : []))
    const answers = await this.db.bulkDocs([...documents, ...marks])
    const failed = pairs.filter((pair, index) => {
      const answer = answers[index]
      if (!answer || isError(answer)) return true
      const saved = { ...pair.document, _id: pair.change.id, _rev: answer.rev } as Stored
      written.set(pair.change.id, { document: saved, marker: pair.marker })
      return false
    })
    // A marker may have lost to another tab's only where the browser has no locks: write it again, alone.
    for (const pair of pairs) if (pair.marker && !failed.includes(pair)) await this.#ensure(pair.marker)
    return failed.map((pair) => pair.change)
  }

  async #ensure(marker: Marker): Promise<void> {
    const there = await this.marker(marker.doc)
    if (!there) await this.db.put(without(marker, '_rev'))
  }

  /** The winners of these ids; those deleted or not there are left out. */
  async current(ids: readonly string[]): Promise<Map<string, Stored>> {
    const found = await this.db.allDocs({ keys: [...ids], include_docs: true })
    const documents = found.rows.flatMap(({ doc }) => doc ?? [])
    return new Map(documents.map((document) => [document._id, document]))
  }

  /**
   * Change or take off markers, each only if it is still the one that was read: a save in between keeps its own.
   *
   * @returns the ids whose marker was changed
   */
  settle(changes: readonly { marker: Marker; next: Marker | null }[]): Promise<ReadonlySet<string>> {
    return this.#mutex.run(async () => {
      if (changes.length === 0) return new Set<string>()
      const docs = changes.map(({ marker, next }) =>
        next ? { ...next, _rev: marker._rev } : { _id: marker._id, _rev: marker._rev, _deleted: true },
      )
      const answers = await this.db.bulkDocs(docs)
      return new Set(changes.flatMap(({ marker }, index) => (isError(answers[index]) ? [] : [marker.doc])))
    })
  }

  /**
   * Give an edit of something that the server has up: what was there before is the winner again, on this phone only.
   *
   * The edited branch ends in a tombstone, and beside it grows a revision with the old body whose hash is the lowest
   * there is: whatever the server holds or will hold wins over it.
   */
  revert(marker: Marker): Promise<void> {
    return this.#mutex.run(async () => {
      const { doc: id, base, before } = marker
      if (base === null || before === null) return
      const edited = (await this.current([id])).get(id)
      await this.stand({ ...before, _id: id, _rev: base } as Stored)
      const end = edited ? [{ _id: id, _rev: edited._rev, _deleted: true, [GIVEN_UP]: true }] : []
      await this.db.bulkDocs([...end, { _id: marker._id, _rev: marker._rev, _deleted: true }])
    })
  }

  /** Have what the server holds stand again here, beside whatever grew on it on this phone alone. */
  async stand(document: Stored): Promise<void> {
    const [generation, hash] = document._rev.split('-')
    const start = Number(generation) + 1
    const body = { ...document, _rev: `${start.toString()}-${LOWEST}`, _revisions: { start, ids: [LOWEST, hash] } }
    await this.db.bulkDocs([without(body, '_conflicts')], { new_edits: false })
  }

  /** The live documents (of these ids, or all) by id, with the winners as the server names them. */
  async live(ids?: readonly string[]): Promise<Map<string, string>> {
    const { rows } = await this.db.allDocs(ids ? { keys: [...ids] } : {})
    const found = new Map<string, string>()
    for (const { id, value } of rows) if (id !== undefined && value && !value.deleted) found.set(id, value.rev)
    for (const [id, rev] of found) if (rev.endsWith(LOWEST)) found.set(id, await this.#beneath(id, rev))
    return found
  }

  /** The winner of a document but for the revision {@link stand} made. */
  async #beneath(id: string, rev: string): Promise<string> {
    const own = await this.db.get<{ _revisions: { start: number; ids: string[] } }>(id, { rev, revs: true })
    const { start, ids } = own._revisions
    const leaves = await this.db.get<{ ok?: { _rev: string; _deleted?: true } }>(id, { open_revs: 'all' })
    const live = leaves.flatMap(({ ok }) => (ok && !ok._deleted && !ok._rev.endsWith(LOWEST) ? ok._rev : []))
    return [`${(start - 1).toString()}-${ids[1] ?? ''}`, ...live].reduce((best, each) => (wins(each, best) ? each : best))
  }

  /** The identity of the server that this phone's documents were last compared with; null before the first contact. */
  async server(): Promise<string | null> {
    return (await this.#server())?.uuid ?? null
  }

  /** Every document that this phone holds, deleted ones too. */
  async held(): Promise<readonly Held[]> {
    return (await this.db.changes({ since: 0, style: 'all_docs', include_docs: true })).results
  }

  /** The leaves that the server has, had, or is to have: not what an edit that was given up left on this phone. */
  async leaves(id: string): Promise<string[]> {
    try {
      const found = await this.db.get<{ ok?: { _rev: string; [GIVEN_UP]?: true } }>(id, { open_revs: 'all' })
      return found.flatMap(({ ok }) => (ok && !ok[GIVEN_UP] && !ok._rev.endsWith(LOWEST) ? ok._rev : []))
    } catch (error) {
      if (isMissing(error)) return []
      throw error
    }
  }

  /**
   * The server `uuid` was compared with: what it lost waits again, what it will never hear of again is gone here too.
   * In one transaction, so that a kill in between leaves all of it to be compared once more.
   */
  compared(uuid: string, lost: readonly Stored[], gone: readonly Stored[], now: number): Promise<void> {
    return this.#mutex.run(async () => {
      const waiting = new Set((await this.markers()).map((marker) => marker.doc))
      const markers = lost.filter(({ _id }) => !waiting.has(_id)).map(({ _id }) => renewed(_id, null, null, now, 0))
      const tombs = gone.map(({ _id, _rev }) => ({ _id, _rev, _deleted: true }))
      await this.db.bulkDocs([...tombs, ...markers, { ...(await this.#server()), _id: SERVER, uuid }])
    })
  }

  async #server(): Promise<{ uuid: string; _rev: string } | null> {
    try {
      return await this.db.get<{ uuid: string; _rev: string }>(SERVER)
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
  }

  /** A photo's picture, while it is on this phone. */
  async picture(id: string): Promise<Blob | null> {
    try {
      return await this.db.getAttachment(id, 'image.jpg')
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
  }

  async destroy(): Promise<void> {
    await this.db.destroy()
  }

  async close(): Promise<void> {
    await this.db.close()
  }
}

export interface Written {
  readonly document: Stored
  readonly marker: Marker | null
}

/** Longer than any hold. What is held beyond it was saved under a clock that has been put back since. */
const LONGEST_HOLD_MS = 60_000

/** Whether a document is still in the time in which it can be taken back without a trace. */
export function isHeld({ hold }: Marker, now: number): boolean {
  return hold > now && (hold === Infinity || hold - now < LONGEST_HOLD_MS)
}

function renewed(id: string, old: Marker | null, current: Stored | null, now: number, hold: number): Marker {
  const first = { at: now, base: current?._rev ?? null, before: current?.type === 'photo' ? null : current }
  const kept = old ? { _rev: old._rev, at: old.at, base: old.base, before: old.before } : first
  return { _id: MARKER + id, doc: id, hold, refused: null, ...kept } as Marker
}

/** Marks the tombstone of an edit that was given up: the server never had the edit, nor is to hear of its end. */
export const GIVEN_UP = 'given_up'

/** A revision hash that loses to every other of its generation. */
const LOWEST = '0'.repeat(32)

/** Whether a live revision wins over another one. */
function wins(one: string, other: string): boolean {
  const [a, b] = [Number.parseInt(one), Number.parseInt(other)]
  return a === b ? one > other : a > b
}

function without<T extends object>(value: T, key: string): T {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key)) as T
}

function isMissing(error: unknown): boolean {
  return (error as { status?: number }).status === 404
}

function isError(answer: unknown): boolean {
  return !answer || (answer as { error?: unknown }).error !== undefined
}
