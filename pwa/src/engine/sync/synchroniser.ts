/**
 * When to sync. A round is: the session's grants, records up, others' records down, photos up. Rounds follow one another
 * never in parallel; between them a long poll per area waits for news while the page is visible.
 */

import { instant, type Clock } from '../clock'
import { ApiError, NetworkError, PortalError } from '../errors'
import type { SyncDetail, SyncSnapshot, SyncState } from '../face'
import { Source } from '../observed'
import type { Surroundings } from '../surroundings'
import type { Holding } from '../local/holdings'
import type { Stored } from '../documents'
import type { Wire } from '../wire'
import { arrival, pull } from './pull'
import { prove, type Finding } from './proof'
import { push, type Acknowledged } from './push'
import { compare } from './compare'
import type { AreaStore } from '../local/area'

/** All in ms. */
export interface Pace {
  /** After a failure; doubled each time, up to `retryMax`. */
  readonly retryMin: number
  readonly retryMax: number
  /** A round is due after this long, though nothing seems to have happened. */
  readonly idle: number
  /** A visit just saved is not sent before this: the time in which it can be taken back without a trace. */
  readonly hold: number
}

/** The interface offers three seconds to take a visit back; the fourth is for the tap that comes at the last moment. */
export const PACE: Pace = { retryMin: 1_000, retryMax: 300_000, idle: 300_000, hold: 4_000 }

/** Long polls hold a connection each, of the six that a browser grants an HTTP/1.1 server. */
const WATCHED = 3

export interface SynchroniserPorts {
  readonly wire: Wire
  readonly surroundings: Surroundings
  readonly now: Clock
  readonly pace: Pace
  /** False while signed out or expired. */
  readonly signedIn: () => boolean
  readonly expired: () => boolean
  readonly holdings: () => readonly Holding[]
  readonly counts: () => { waiting: number; refused: number }
  /** When the first of the documents that were held at a moment may go, in ms; null where none was held. */
  readonly nextHold: (at: number) => number | null
  /** Which photos may go: those whose visit the server has. */
  readonly photoReady: (photo: string) => boolean
  readonly settled: (store: AreaStore, batch: readonly Acknowledged[]) => Promise<void>
  /** Called at the start of each round: learn what is granted now, open and leave databases accordingly. */
  readonly refresh: (signal: AbortSignal) => Promise<void>
  /** A database answered 403: ask at once whether it is still granted. */
  readonly doubted: () => Promise<void>
  /** These are the winners of what came in. */
  readonly arrived: (documents: readonly Stored[]) => void
  /** Whose phone this is. */
  readonly account: () => string
  /** A restored server had lost something: markers were written for it. */
  readonly waitAgain: () => Promise<void>
  /** A round brought all up and down: prove with `each` that it did, if it is time. */
  readonly prove: (uuid: string, each: () => Promise<readonly Finding[]>) => Promise<void>
  /** A round ended well. */
  readonly finished: (at: string) => void
}

export class Synchroniser implements SyncState {
  readonly #ports: SynchroniserPorts
  readonly #source: Source<SyncSnapshot>
  #running: Promise<SyncSnapshot> | null = null
  #again = false
  #timer: ReturnType<typeof setTimeout> | null = null
  #due = Infinity
  #failures = 0
  /** When the last round began: what was held then did not go up in it, though its time may have come since. */
  #began = 0
  #detail: SyncDetail | null = null
  #watch: AbortController | null = null
  #stop = new AbortController()
  #uuid = ''
  #unlisten: () => void = () => undefined

  constructor(ports: SynchroniserPorts, lastSyncedAt: string | null) {
    this.#ports = ports
    const online = ports.surroundings.online()
    this.#source = new Source<SyncSnapshot>({ online, phase: 'idle', waiting: 0, refused: 0, lastSyncedAt, detail: null })
    this.on = this.#source.on
  }

  readonly on: SyncState['on']

  get state(): SyncSnapshot {
    return this.#source.state
  }

  start(): void {
    this.#stop = new AbortController()
    this.#unlisten = this.#ports.surroundings.on(() => {
      this.#surroundingsChanged()
    })
    this.report()
    this.kick()
  }

  stop(): void {
    this.#unlisten()
    this.#stop.abort()
    this.#watch?.abort()
    this.#cancelTimer()
  }

  /** Ends when the round under way has. */
  async ended(): Promise<void> {
    await this.#running?.catch(() => undefined)
  }

  /** Something is to be sent or fetched: a round soon. */
  kick(delay = 0): void {
    this.#schedule(this.#ports.now() + delay)
  }

  async syncNow(): Promise<SyncSnapshot> {
    this.#failures = 0
    this.#cancelTimer()
    if (this.#running) {
      this.#again = true
      return this.#running
    }
    return this.#run()
  }

  /** Publish the state as it is now. */
  report(lastSyncedAt = this.state.lastSyncedAt): void {
    const { waiting, refused } = this.#ports.counts()
    const online = this.#ports.surroundings.online()
    const next = { online, phase: this.#phase(online), waiting, refused, lastSyncedAt, detail: this.#detail }
    const same = Object.entries(next).every(([key, value]) => this.state[key as keyof SyncSnapshot] === value)
    if (!same) this.#source.set(next)
  }

  #phase(online: boolean): SyncSnapshot['phase'] {
    if (this.#ports.expired()) return 'expired'
    if (!online) return 'offline'
    if (this.#running) return 'syncing'
    if (this.#detail === null || this.#detail === 'revoked') return 'idle'
    return ['timeout', 'unreachable', 'portal'].includes(this.#detail) ? 'offline' : 'error'
  }

  #surroundingsChanged(): void {
    const { surroundings } = this.#ports
    if (surroundings.online() && surroundings.visible()) {
      this.#failures = 0
      this.kick()
    } else {
      this.#watch?.abort()
    }
    this.report()
  }

  #schedule(at: number): void {
    if (at >= this.#due || this.#stop.signal.aborted) return
    this.#cancelTimer()
    this.#due = at
    this.#timer = setTimeout(
      () => {
        this.#cancelTimer()
        if (this.#running) this.#again = true
        else void this.#run()
      },
      Math.max(0, at - this.#ports.now()),
    )
  }

  #cancelTimer(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    this.#due = Infinity
  }

  #run(): Promise<SyncSnapshot> {
    this.#running = this.#rounds().finally(() => {
      this.#running = null
      this.report()
    })
    this.report()
    return this.#running.then(() => this.state)
  }

  async #rounds(): Promise<SyncSnapshot> {
    this.#watch?.abort()
    do {
      this.#again = false
      if (!this.#ports.signedIn() || !this.#ports.surroundings.online()) return this.state
      try {
        await this.#round()
        this.#failures = 0
      } catch (error) {
        this.#failed(error)
        return this.state
      }
    } while (this.#wanted())
    this.#between()
    return this.state
  }

  #wanted(): boolean {
    return this.#again && !this.#stop.signal.aborted
  }

  async #round(): Promise<void> {
    const { wire, holdings, now, settled, photoReady, account } = this.#ports
    const signal = this.#stop.signal
    let detail: SyncDetail | null = null
    this.#began = now()
    await this.#ports.refresh(signal)
    if (holdings().length > 0) this.#uuid = (await wire.send<{ uuid: string }>('/sync/', { signal })).uuid
    const each = async (job: (holding: Holding) => Promise<unknown>) => {
      for (const holding of holdings()) {
        try {
          await job(holding)
        } catch (error) {
          if (!(error instanceof ApiError && error.status === 403)) throw error
          await this.#ports.doubted()
          // Still granted, and yet forbidden: not ours to solve; the other areas go on.
          detail = holdings().includes(holding) ? 'server' : 'revoked'
        }
      }
    }
    await each(async ({ area, photos, remote }) => {
      const lost = await compare([area, photos], remote, wire, { uuid: this.#uuid, account: account(), now: now(), signal })
      if (lost > 0) await this.#ports.waitAgain()
    })
    await each(async ({ area, remote }) => push(area, remote, wire, await area.markers(), now, settled))
    await each(async ({ area, remote }) => {
      const ids = await pull(area.db, remote, wire, this.#uuid, signal)
      if (ids.length > 0) this.#ports.arrived(await area.winners([...new Set(ids)]))
    })
    await each(async ({ photos, remote }) => {
      const ready = (await photos.markers()).filter((marker) => photoReady(marker.doc))
      await push(photos, remote, wire, ready, now, settled)
    })
    await this.#ports.prove(this.#uuid, async () => {
      const findings: Finding[] = []
      await each(async ({ area, remote }) => {
        const finding = await prove(area, remote, wire, { uuid: this.#uuid, account: account(), now: now(), signal })
        if (finding.fetched.length > 0) this.#ports.arrived(await area.winners(finding.fetched))
        if (finding.again > 0) await this.#ports.waitAgain()
        // What waits now, and what a server that was set back tells again, is the next round's.
        if (finding.again > 0 || finding.rewound) this.#again = true
        findings.push(finding)
      })
      return findings
    })
    this.#detail = detail
    const at = instant(now())
    this.#ports.finished(at)
    this.report(at)
  }

  #failed(error: unknown): void {
    if (this.#stop.signal.aborted) return
    this.#detail = detailOf(error)
    if (this.#ports.expired()) return
    const { pace, now } = this.#ports
    const delay = Math.min(pace.retryMax, pace.retryMin * 2 ** this.#failures++) * (0.5 + Math.random() / 2)
    const told = error instanceof ApiError && error.retryAfter !== null ? error.retryAfter * 1000 : 0
    this.#schedule(now() + Math.max(delay, Math.min(told, pace.retryMax)))
  }

  /** What to do until the next round. */
  #between(): void {
    const { surroundings, pace, now, nextHold } = this.#ports
    if (this.#stop.signal.aborted) return
    const held = nextHold(this.#began)
    if (held !== null) this.#schedule(held)
    if (!surroundings.visible()) return
    this.#schedule(now() + pace.idle)
    const watch = new AbortController()
    this.#watch = watch
    for (const holding of this.#ports.holdings().slice(0, WATCHED)) void this.#watchOne(holding, watch.signal)
  }

  async #watchOne({ area, remote }: Holding, signal: AbortSignal): Promise<void> {
    try {
      while (!(await arrival(area.db, remote, this.#ports.wire, this.#uuid, signal))) if (signal.aborted) return
      this.kick()
    } catch (error) {
      if (signal.aborted) return
      this.#failed(error)
      this.report()
    }
  }
}

function detailOf(error: unknown): SyncDetail {
  if (error instanceof PortalError) return 'portal'
  if (error instanceof NetworkError) return error.reason
  if (error instanceof ApiError) return error.status === 429 || error.status === 503 ? 'busy' : 'server'
  const name = (error as { name?: string } | null)?.name ?? ''
  const text = `${name} ${String((error as { reason?: unknown } | null)?.reason ?? '')}`
  return text.includes('Quota') ? 'storage-full' : 'server'
}
