/** What waits, what was refused and why, what was rescued, and what went up today. */

import type { Refusal } from './api/types'
import { day, instant, type Clock } from './clock'
import { householdOf, typeOf, type AnyDocument, type Stored } from './documents'
import type { Outbox, OutboxItem, OutboxState } from './face'
import type { MemoryLibrary } from './library'
import type { AreaStore, Marker } from './local/area'
import { keysOf, type Holding, type Rescued } from './local/holdings'
import type { KeptStore } from './local/store'
import { Source } from './observed'
import type { Acknowledged } from './sync/push'

export interface OutboxPorts {
  readonly library: MemoryLibrary
  readonly kept: KeptStore
  readonly now: Clock
  readonly account: () => string
  readonly holdings: () => readonly Holding[]
  readonly holdingOf: (area: string) => Holding | null
  readonly giveUp: (id: string) => Promise<void>
  readonly discardRefusal: (id: string) => Promise<void>
  readonly saved: () => void
}

export class LocalOutbox implements Outbox {
  readonly #ports: OutboxPorts
  readonly #source = new Source<OutboxState>({ version: 0 })
  #sent: readonly OutboxItem[] = []
  #rescued = new Map<string, Rescued>()
  #refusals: readonly Refusal[] = []
  #writing: Promise<void> = Promise.resolve()

  readonly on = this.#source.on

  constructor(ports: OutboxPorts) {
    this.#ports = ports
    ports.library.on(() => {
      this.#touch()
    })
  }

  get state(): OutboxState {
    return this.#source.state
  }

  /** Read what an earlier run of the application left, for the account that is signed in now. */
  async load(): Promise<void> {
    const keys = keysOf(this.#ports.account())
    this.#sent = this.#today((await this.#ports.kept.get<OutboxItem[]>(keys.sent)) ?? [])
    this.#rescued = await this.#ports.kept.all<Rescued>(keys.rescued)
    this.#refusals = []
    this.#touch()
  }

  clear(): void {
    this.#sent = []
    this.#rescued = new Map()
    this.#refusals = []
    this.#touch()
  }

  items(): readonly OutboxItem[] {
    const markers = [...this.#ports.library.markers()].sort((a, b) => a.at - b.at)
    const [refused, waiting] = [markers.filter((marker) => marker.refused), markers.filter((marker) => !marker.refused)]
    return [
      ...refused.map((marker) => this.#item(marker)),
      ...waiting.map((marker) => this.#item(marker)),
      ...[...this.#rescued].map(([docId, rescued]) => rescuedItem(docId, rescued)),
      ...this.#today(this.#sent),
    ]
  }

  counts(): { waiting: number; refused: number } {
    const markers = this.#ports.library.markers()
    const refused = markers.filter((marker) => marker.refused).length
    return { waiting: markers.length - refused, refused }
  }

  /** Documents that signing out would lose. */
  unsent(): number {
    return this.#ports.library.markers().length + this.#rescued.size
  }

  async retry(docId: string): Promise<void> {
    const found = await this.#marker(docId)
    if (!found) return
    const next = { ...found.marker, refused: null, hold: 0 }
    if ((await found.store.settle([{ marker: found.marker, next }])).size > 0) {
      this.#ports.library.mark(docId, (await found.store.marker(docId)) ?? null)
    }
    this.#ports.saved()
  }

  async discard(docId: string): Promise<void> {
    if (this.#rescued.delete(docId)) {
      await this.#ports.kept.delete(keysOf(this.#ports.account()).rescued + docId)
      this.#touch()
      return
    }
    const refusal = this.#refusals.find((each) => each.doc_id === docId && each.state === 'waiting')
    await this.#ports.giveUp(docId)
    // The server keeps what it refused until told; with no network it stays there, and nothing is lost by that.
    if (refusal) await this.#ports.discardRefusal(refusal.id).catch(() => undefined)
  }

  rescue(rescued: readonly Rescued[]): void {
    for (const each of rescued) this.#rescued.set(each.document._id, each)
    if (rescued.length > 0) this.#touch()
  }

  /** Take in what the server said of one batch. */
  async settled(store: AreaStore, batch: readonly Acknowledged[]): Promise<void> {
    const { library, now } = this.#ports
    const at = now()
    const sent = batch.filter((each) => each.refused === null).map(({ marker }) => ({ ...this.#item(marker), state: 'done' as const, at: instant(at) }))
    const refused = await Promise.all(batch.filter((each) => each.refused !== null).map(({ marker }) => store.marker(marker.doc)))
    library.batch(() => {
      for (const { docId } of sent) library.mark(docId, null)
      for (const marker of refused) if (marker) library.mark(marker.doc, marker)
    })
    if (sent.length === 0) return
    const again = new Set(sent.map((item) => item.docId))
    this.#sent = this.#today([...sent, ...this.#sent.filter((item) => !again.has(item.docId))])
    const kept = this.#sent
    this.#writing = this.#writing.then(() => this.#ports.kept.set(keysOf(this.#ports.account()).sent, kept))
    this.#touch()
    await this.#writing
  }

  /**
   * The server's own list of what it refused from this account. What is not on this phone any more (another phone,
   * a fresh installation) is put back here, so that it can be mended like any other.
   */
  async refusals(list: readonly Refusal[]): Promise<void> {
    this.#refusals = list
    const { holdingOf, library, now } = this.#ports
    for (const refusal of list.filter((each) => each.state === 'waiting')) {
      const body = refusal.body as unknown as AnyDocument
      const holding = typeof body.area === 'string' ? holdingOf(body.area) : null
      const type = typeOf(refusal.doc_id)
      if (!holding || !['visit', 'followup', 'household'].includes(type) || library.document(refusal.doc_id)) continue
      if (library.marker(refusal.doc_id)) continue
      const clean = Object.fromEntries(Object.entries(body).filter(([key]) => !key.startsWith('_')))
      const document = { ...clean, _id: refusal.doc_id } as AnyDocument
      const change = { id: refusal.doc_id, next: (current: Stored | null) => (current ? null : document) }
      const at = Date.parse(refusal.at)
      for (const written of await holding.area.write([change], now(), Infinity)) {
        if (!written.marker) continue
        const marker = await holding.area.marker(refusal.doc_id)
        if (marker) await holding.area.settle([{ marker, next: { ...marker, at, hold: 0, refused: { reason: refusal.reason, at } } }])
        library.batch(() => {
          library.put(written.document)
        })
        library.mark(refusal.doc_id, await holding.area.marker(refusal.doc_id))
      }
    }
    this.#touch()
  }

  async #marker(id: string): Promise<{ store: AreaStore; marker: Marker } | null> {
    for (const { area, photos } of this.#ports.holdings()) {
      for (const store of [area, photos]) {
        const marker = await store.marker(id)
        if (marker) return { store, marker }
      }
    }
    return null
  }

  #item(marker: Marker): OutboxItem {
    const { library } = this.#ports
    const document = library.document(marker.doc) ?? marker.before
    const household = document ? householdOf(document) : null
    const address = household === null ? null : (library.household(household)?.doc.address ?? household.split(':')[2])
    return {
      docId: marker.doc,
      type: typeOf(marker.doc) as OutboxItem['type'],
      title: address ?? '',
      household,
      visit: document ? visitOf(document) : null,
      state: marker.refused ? 'refused' : 'waiting',
      ...(marker.refused ? { reason: marker.refused.reason } : {}),
      at: instant(marker.at),
    }
  }

  #today(items: readonly OutboxItem[]): readonly OutboxItem[] {
    const today = day(this.#ports.now())
    return items.filter((item) => item.at.startsWith(today))
  }

  #touch(): void {
    this.#source.set({ version: this.state.version + 1 })
  }
}

function visitOf(document: AnyDocument): string | null {
  if (document.type === 'visit') return document._id
  return 'visit' in document ? (document.visit ?? null) : null
}

function rescuedItem(docId: string, { document, title, at }: Rescued): OutboxItem {
  return {
    docId,
    type: typeOf(docId) as OutboxItem['type'],
    title,
    household: householdOf(document),
    visit: null,
    state: 'rescued',
    at: instant(at),
  }
}
