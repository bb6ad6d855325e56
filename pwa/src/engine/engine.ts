/** The engine put together: which part asks which, and in what order they start and end. */

import { client } from './api/client'
import { day, type Clock } from './clock'
import type { Stored } from './documents'
import { LocalDrafts } from './drafts'
import type { Engine, SessionState } from './face'
import { MemoryLibrary } from './library'
import { isHeld, type AreaStore } from './local/area'
import { Holdings, keysOf, type Holding } from './local/holdings'
import { KeptStore } from './local/store'
import { WebPush } from './notifications'
import { LocalOutbox } from './outbox'
import { shrink } from './photos/shrink'
import { preload, searchKeys } from './pinyin'
import { LocalRecords } from './records'
import { search } from './search'
import { LocalSession } from './session'
import { LocalStorageState } from './storage'
import { browserSurroundings, type Surroundings } from './surroundings'
import type { Acknowledged } from './sync/push'
import { Prover, type Proved } from './sync/prover'
import { PACE, Synchroniser, type Pace } from './sync/synchroniser'
import { ulids } from './ulid'
import { WorkerUpdate } from './update'
import { wire as makeWire, type Fetch } from './wire'

export interface EngineOptions {
  /** Where the server is; the page's own origin by default. */
  readonly base?: string
  readonly fetch?: Fetch
  readonly now?: Clock
  readonly surroundings?: Surroundings
  readonly pace?: Partial<Pace>
  readonly shrink?: typeof shrink
  /** The service worker's script; null for none. */
  readonly worker?: { readonly script: string; readonly type: WorkerType } | null
}

/** How long what the server said of grants counts as news. */
const REFRESH_MS = 600_000
const PRELOAD_AFTER_MS = 4_000
const PHOTOS_KEPT = 60
const ORPHAN_MS = 3_600_000

const WORKER = import.meta.env.PROD ? { script: '/sw.js', type: 'classic' as const } : null

/**
 * Start the engine. Ends when what this phone holds is in memory: needs no network, and never waits for it.
 */
export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  const kept = await KeptStore.open()
  const engine = new Composition(kept, options)
  await engine.start()
  return engine
}

class Composition implements Engine {
  readonly #kept: KeptStore
  readonly #now: Clock
  readonly #surroundings: Surroundings & { close?: () => void }
  readonly #channel = typeof BroadcastChannel === 'function' ? new BroadcastChannel('baijiamen') : null
  readonly #worker: EngineOptions['worker']
  readonly #closed = new AbortController()
  readonly #background = new Set<Promise<unknown>>()
  #session: LocalSession | null = null
  #holdings: Holdings | null = null
  #refreshed = -Infinity
  #refusalsDue = true
  #lastSync: Synchroniser | null = null

  readonly library: MemoryLibrary
  readonly records: LocalRecords
  readonly outbox: LocalOutbox
  readonly drafts: LocalDrafts
  readonly proof: Prover
  readonly storage: LocalStorageState
  readonly push: WebPush
  readonly update = new WorkerUpdate()
  readonly api: Engine['api']
  readonly #wire: ReturnType<typeof makeWire>
  readonly #pace: Pace

  constructor(kept: KeptStore, options: EngineOptions) {
    this.#kept = kept
    this.#now = options.now ?? Date.now
    this.#surroundings = options.surroundings ?? browserSurroundings()
    this.#worker = options.worker === undefined ? WORKER : options.worker
    this.#pace = { ...PACE, ...options.pace }
    const base = options.base ?? ''
    const onUnauthorized = () => {
      this.#behind(this.session.expire())
    }
    const fetch: Fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init))
    const wire = makeWire({ fetch, base, closed: this.#closed.signal, onUnauthorized })
    this.#wire = wire
    this.api = client(wire, base)
    this.library = new MemoryLibrary(this.#now, (id) => this.#picture(id))
    this.drafts = new LocalDrafts(kept)
    this.storage = new LocalStorageState(() => this.library.size)
    this.push = new WebPush(wire)
    this.proof = new Prover({
      now: this.#now,
      load: async () => (await kept.get<Proved>(keysOf(this.#account()).proved)) ?? null,
      save: (proved) => kept.set(keysOf(this.#account()).proved, proved),
      round: () => this.sync.syncNow(),
    })
    const common = { library: this.library, now: this.#now, account: () => this.#account(), holdingOf: (area: string) => this.#holdingOf(area) }
    this.records = new LocalRecords({
      ...common,
      nextId: ulids(this.#now),
      hold: this.#pace.hold,
      saved: (delay) => {
        this.#saved(delay)
      },
      clearDraft: (key) => this.drafts.clear(key),
      shrink: options.shrink ?? shrink,
      pinyin: searchKeys,
    })
    this.outbox = new LocalOutbox({
      ...common,
      kept,
      holdings: () => this.#list(),
      giveUp: (id) => this.records.giveUp(id),
      discardRefusal: (id) => this.api.refusals.discard(id),
      saved: () => {
        this.#saved(0)
      },
    })
  }

  get session(): LocalSession {
    if (!this.#session) throw new Error('the engine has not started')
    return this.#session
  }

  get sync(): Synchroniser {
    if (!this.#lastSync) throw new Error('the engine has not started')
    return this.#lastSync
  }

  readonly search: Engine['search'] = (text, limit) => search(this.library.households(), text, limit)

  today(): string {
    return day(this.#now())
  }

  async start(): Promise<void> {
    this.#session = await LocalSession.open({
      kept: this.#kept,
      wire: this.#wire,
      unsent: () => this.outbox.unsent(),
      entered: async (state) => {
        await this.#entered(state)
        this.#refreshed = this.#now()
      },
      left: (account, destroy) => this.#left(account, destroy),
      changed: () => this.#channel?.postMessage('session'),
    })
    const account = this.session.state.account?.name
    const last = account === undefined ? null : await this.#kept.get<string>(keysOf(account).synced)
    this.#lastSync = this.#synchroniser(last ?? null)
    this.library.on(() => {
      this.sync.report()
    })
    this.session.on(() => {
      this.sync.report()
    })
    if (account !== undefined) await this.#entered(this.session.state)
    if (this.#channel) {
      this.#channel.onmessage = ({ data }: MessageEvent<'markers' | 'session'>) => {
        if (data === 'session') this.#behind(this.session.adopt())
        else if (this.#holdings) this.#behind(this.#holdings.refreshMarkers())
      }
    }
    this.sync.start()
    if (this.#worker) void this.update.start(this.#worker.script, this.#worker.type)
    void this.storage.refresh()
    if (account === undefined) this.#behind(this.session.settleDebt())
    // When the first screen is there, and not for the network's sake: it is in the page's own cache.
    else setTimeout(preload, PRELOAD_AFTER_MS)
  }

  async close(): Promise<void> {
    this.#lastSync?.stop()
    this.#closed.abort()
    this.#channel?.close()
    await this.#lastSync?.ended()
    await Promise.allSettled(this.#background)
    this.push.close()
    this.update.close()
    this.#surroundings.close?.()
    await this.#holdings?.close()
    this.#kept.close()
  }

  /** Work that nobody waits for, but that closing does. */
  #behind(work: Promise<unknown>): void {
    const done = work
      .catch(() => undefined)
      .finally(() => {
        this.#background.delete(done)
      })
    this.#background.add(done)
  }

  #synchroniser(lastSyncedAt: string | null): Synchroniser {
    return new Synchroniser(
      {
        wire: this.#wire,
        surroundings: this.#surroundings,
        now: this.#now,
        pace: this.#pace,
        signedIn: () => this.session.state.phase === 'signed-in',
        expired: () => this.session.state.phase === 'expired',
        holdings: () => this.#list(),
        counts: () => this.outbox.counts(),
        nextHold: (at) => this.#nextHold(at),
        photoReady: (photo) => this.#photoReady(photo),
        settled: (store, batch) => this.#settled(store, batch),
        refresh: async (signal) => {
          if (this.#now() - this.#refreshed < REFRESH_MS) return
          await this.#refresh(signal)
        },
        doubted: () => this.#refresh(),
        arrived: (documents) => {
          this.library.take(documents)
        },
        account: () => this.#account(),
        waitAgain: async () => {
          await this.#holdings?.refreshMarkers()
          this.#channel?.postMessage('markers')
        },
        prove: (uuid, each) => this.proof.run(uuid, each),
        finished: (at) => {
          this.#behind(this.#finished(at))
        },
      },
      lastSyncedAt,
    )
  }

  async #refresh(signal?: AbortSignal): Promise<void> {
    await this.session.refresh(signal)
    this.#refreshed = this.#now()
  }

  async #entered(state: SessionState): Promise<void> {
    const name = state.account?.name
    if (name === undefined) return
    if (!this.#holdings) {
      this.#holdings = new Holdings(this.#kept, this.library, name)
      await Promise.all([this.outbox.load(), this.drafts.load(keysOf(name).drafts), this.proof.load()])
    }
    this.library.frame({ account: name, areas: state.areas })
    this.outbox.rescue(await this.#holdings.follow(this.session.visited(), state.areas, this.#now()))
    if (!this.library.state.ready) {
      this.library.ready()
      this.#behind(this.#tidyPhotos())
    }
    this.#refusalsDue = true
    this.#lastSync?.kick()
    if (this.push.state.permission === 'granted' && this.#surroundings.online()) this.#behind(this.push.renew())
  }

  async #left(account: string, destroy: boolean): Promise<void> {
    if (destroy) {
      await this.push.forget().catch(() => undefined)
      await (this.#holdings ?? new Holdings(this.#kept, this.library, account)).destroyAll()
    } else {
      await this.#holdings?.close()
    }
    this.#holdings = null
    this.#refreshed = -Infinity
    this.library.clear()
    this.outbox.clear()
    await this.drafts.load('nobody/')
  }

  #saved(delay: number): void {
    this.sync.report()
    this.sync.kick(delay)
    this.#channel?.postMessage('markers')
  }

  async #settled(store: AreaStore, batch: readonly Acknowledged[]): Promise<void> {
    await this.outbox.settled(store, batch)
    this.#channel?.postMessage('markers')
    this.sync.report()
  }

  async #finished(at: string): Promise<void> {
    await this.#kept.set(keysOf(this.#account()).synced, at)
    if (!this.#refusalsDue) return
    this.#refusalsDue = false
    try {
      await this.outbox.refusals(await this.api.refusals.list())
    } catch {
      this.#refusalsDue = true
    }
  }

  #nextHold(at: number): number | null {
    const held = this.library.markers().filter((marker) => !marker.refused && isHeld(marker, at))
    return held.length === 0 ? null : Math.min(...held.map((marker) => marker.hold))
  }

  /** A photo goes up after its visit: the server asks whose it is. */
  #photoReady(photo: string): boolean {
    const doc = this.library.document(photo)
    if (doc?.type !== 'photo') return true
    return this.library.marker(doc.visit) === null && this.library.visit(doc.visit) !== null
  }

  /**
   * Pictures that went up long ago take room, and one whose visit was never saved (a kill in between) has no place. They
   * end in tombstones that are never sent, and compaction frees the picture.
   */
  async #tidyPhotos(): Promise<void> {
    for (const { photos } of this.#list()) {
      const { documents, markers } = await photos.load()
      const orphans = markers.map(({ doc, at }) => ({ at, photo: this.library.document(doc) })).filter(
        ({ at, photo }) => photo?.type === 'photo' && this.#now() - at > ORPHAN_MS && !this.library.visit(photo.visit),
      )
      const unsent = new Set(markers.map((marker) => marker.doc))
      const sent = documents.map((document) => document._id).filter((id) => !unsent.has(id)).sort()
      const ids = [...orphans.map(({ photo }) => photo?._id ?? ''), ...sent.slice(0, -PHOTOS_KEPT)]
      if (ids.length === 0) continue
      const end = (now: Stored | null) => (now ? ({ _id: now._id, _deleted: true } as Stored) : null)
      await photos.write(ids.map((id) => ({ id, send: false, next: end })), this.#now())
      this.library.drop(ids)
    }
  }

  async #picture(id: string): Promise<string> {
    for (const { photos } of this.#list()) {
      const blob = await photos.picture(id)
      if (blob) return URL.createObjectURL(blob)
    }
    return this.api.photos.url(id)
  }

  #account(): string {
    return this.session.state.account?.name ?? ''
  }

  #list(): readonly Holding[] {
    return this.#holdings?.list() ?? []
  }

  #holdingOf(area: string): Holding | null {
    return this.#holdings?.forArea(area) ?? null
  }
}
