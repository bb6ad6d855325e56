/** What this phone holds, in memory: loaded once, kept by the changes of the local databases. Pure: no I/O here. */

import { day, daysBetween, type Clock } from './clock'
import type { Followup, Household, Photo, Review, Stored, Visit } from './documents'
import { typeOf } from './documents'
import type { AreaNode, FollowupEntry, HouseholdEntry, Library, LibraryState, PhotoEntry, VisitEntry } from './face'
import type { Marker } from './local/area'
import { Source } from './observed'
import { byDoor, byTree } from './order'

interface Frame {
  readonly account: string | null
  readonly areas: readonly AreaNode[]
}

export class MemoryLibrary implements Library {
  readonly #source = new Source<LibraryState>({ ready: false, version: 0 })
  readonly #households = new Map<string, Stored<Household>>()
  readonly #visits = new Map<string, Stored<Visit>>()
  readonly #followups = new Map<string, Stored<Followup>>()
  readonly #reviews = new Map<string, Stored<Review>>()
  readonly #photos = new Map<string, Stored<Photo>>()
  /** Household id → ids of its visits and of its follow-ups. */
  readonly #of = new Map<string, Set<string>>()
  readonly #markers = new Map<string, Marker>()
  readonly #entries = new Map<string, HouseholdEntry>()
  #sorted: readonly string[] | null = null
  #today = ''
  #frame: Frame = { account: null, areas: [] }
  #bulk = 0
  #changed = false

  constructor(
    readonly now: Clock,
    /** The picture of a photo: an object URL while it is on this phone, else the server's address. */
    readonly picture: (id: string) => Promise<string>,
  ) {}

  readonly on = this.#source.on

  get state(): LibraryState {
    return this.#source.state
  }

  // ------------------------------------------------------------------------------------------------------ questions

  areas(): readonly AreaNode[] {
    const used = new Set([...this.#households.values()].map((household) => household.area))
    const parents = new Set(this.#frame.areas.map((area) => area.parent))
    return byTree(this.#frame.areas.filter((area) => used.has(area.id) || !parents.has(area.id)), this.#frame.areas)
  }

  households(area?: string): readonly HouseholdEntry[] {
    this.#sorted ??= [...this.#households.values()].sort(byDoor).map((household) => household._id)
    const entries = this.#sorted.map((id) => this.household(id)).filter((entry) => entry !== null)
    return area === undefined ? entries : entries.filter((entry) => entry.doc.area === area)
  }

  household(id: string): HouseholdEntry | null {
    this.#turnDay()
    const known = this.#entries.get(id)
    if (known) return known
    const doc = this.#households.get(id)
    if (!doc) return null
    const visits = this.visitsOf(id)
    const entry: HouseholdEntry = {
      id,
      doc,
      lastVisit: visits[0] ?? null,
      lastMet: visits.find((visit) => visit.doc.outcome === 'met') ?? null,
      followups: this.#openOf(id),
      waiting: this.#markers.has(id),
    }
    this.#entries.set(id, entry)
    return entry
  }

  visitsOf(household: string): readonly VisitEntry[] {
    return this.#idsOf(household, 'visit').map((id) => this.visit(id)).filter((entry) => entry !== null).sort(newestFirst)
  }

  visit(id: string): VisitEntry | null {
    const doc = this.#visits.get(id)
    if (!doc) return null
    const review = this.#reviews.get(id) ?? null
    const current = review?.visit_rev === doc._rev ? review : null
    const marker = this.#markers.get(id)
    const state = marker ? (marker.refused ? 'refused' : 'waiting') : (current?.state ?? 'pending')
    return { id, doc, state, review, mine: doc.by === this.#frame.account && current?.state !== 'approved' }
  }

  myVisits(limit = 200): readonly VisitEntry[] {
    return [...this.#visits.values()]
      .filter((doc) => doc.by === this.#frame.account)
      .map((doc) => this.visit(doc._id))
      .filter((entry) => entry !== null)
      .sort(newestFirst)
      .slice(0, limit)
  }

  followupsOpen(who: 'me' | 'all' = 'me'): readonly FollowupEntry[] {
    return [...this.#followups.values()]
      .filter((doc) => isOpen(doc) && (who === 'all' || (doc.to ?? doc.by) === this.#frame.account))
      .map((doc) => this.#followupEntry(doc))
      .sort(nearestFirst)
  }

  followup(id: string): FollowupEntry | null {
    const doc = this.#followups.get(id)
    return doc ? this.#followupEntry(doc) : null
  }

  reviewsReturned(): readonly VisitEntry[] {
    return this.myVisits(Infinity).filter((entry) => entry.state === 'returned')
  }

  photosOf(visit: string): readonly PhotoEntry[] {
    const ids = this.#visits.get(visit)?.photos ?? []
    return ids.map((id) => ({
      id,
      waiting: this.#markers.has(id),
      doc: this.#photos.get(id) ?? null,
      url: () => this.picture(id),
    }))
  }

  // ------------------------------------------------------------------------------------------- for the engine itself

  get size(): number {
    return this.#households.size + this.#visits.size + this.#followups.size + this.#reviews.size + this.#photos.size
  }

  markers(): readonly Marker[] {
    return [...this.#markers.values()]
  }

  marker(id: string): Marker | null {
    return this.#markers.get(id) ?? null
  }

  document(id: string): Stored | null {
    return this.#map(id)?.get(keyOf(id)) ?? null
  }

  reviewOf(visit: string): Stored<Review> | null {
    return this.#reviews.get(visit) ?? null
  }

  /** Ids of the follow-ups that a visit fulfilled or promised. */
  followupsOfVisit(visit: string): readonly Stored<Followup>[] {
    return [...this.#followups.values()].filter((doc) => doc.visit === visit || doc.done_by_visit === visit)
  }

  frame(frame: Frame): void {
    this.#frame = frame
    this.#entries.clear()
    this.#touch()
  }

  /** Tell listeners once for everything that `change` does. */
  batch(change: () => void): void {
    this.#bulk++
    try {
      change()
    } finally {
      this.#bulk--
      if (this.#bulk === 0 && this.#changed) this.#touch()
    }
  }

  /** Take in many winners as one change. */
  take(documents: readonly Stored[]): void {
    this.batch(() => {
      for (const document of documents) this.put(document)
    })
  }

  /** Take in a winner as a local database has it; the same twice does nothing twice. */
  put(document: Stored): void {
    const gone = document._deleted === true
    const key = keyOf(document._id)
    const map = this.#map(document._id)
    if (!map) return
    const before = map.get(key)
    if (gone) {
      if (!before) return
      map.delete(key)
    } else {
      if (before?._rev === document._rev && before._conflicts?.length === document._conflicts?.length) return
      if (before && isStale(document, before)) return
      map.set(key, document)
    }
    const kept = before ?? document
    this.#link(kept, gone)
    if (!gone) this.#link(document, false)
    this.#touch()
  }

  mark(id: string, marker: Marker | null): void {
    if (marker) this.#markers.set(id, marker)
    else if (!this.#markers.delete(id)) return
    this.#forget(id)
    this.#touch()
  }

  /** Everything of one database is gone. */
  drop(ids: Iterable<string>): void {
    this.batch(() => {
      for (const id of ids) {
        const document = this.document(id)
        if (document) this.put({ ...document, _deleted: true })
        this.mark(id, null)
      }
    })
  }

  clear(): void {
    for (const map of [this.#households, this.#visits, this.#followups, this.#reviews, this.#photos]) map.clear()
    this.#of.clear()
    this.#markers.clear()
    this.#entries.clear()
    this.#sorted = null
    this.#source.set({ ready: false, version: this.state.version + 1 })
  }

  ready(): void {
    this.#source.set({ ready: true, version: this.state.version + 1 })
  }

  #map(id: string): Map<string, Stored> | null {
    const maps = {
      household: this.#households,
      visit: this.#visits,
      followup: this.#followups,
      review: this.#reviews,
      photo: this.#photos,
    }
    return (maps[typeOf(id)] as Map<string, Stored> | undefined) ?? null
  }

  #link(document: Stored, gone: boolean): void {
    this.#forget(document._id)
    if (document.type === 'household') {
      this.#sorted = null
      return
    }
    const household = document.type === 'review' ? this.#visits.get(document.visit)?.household : document.household
    if (!household) return
    this.#entries.delete(household)
    if (document.type !== 'visit' && document.type !== 'followup') return
    const ids = this.#of.get(household) ?? new Set()
    if (gone) ids.delete(document._id)
    else ids.add(document._id)
    this.#of.set(household, ids)
  }

  /** Entries that show this document are made anew when asked for. */
  #forget(id: string): void {
    const document = this.document(id)
    this.#entries.delete(id)
    if (document && 'household' in document) this.#entries.delete(document.household)
  }

  #touch(): void {
    this.#changed = true
    if (this.#bulk > 0) return
    this.#changed = false
    this.#source.set({ ready: this.state.ready, version: this.state.version + 1 })
  }

  #idsOf(household: string, type: 'visit' | 'followup'): string[] {
    return [...(this.#of.get(household) ?? [])].filter((id) => typeOf(id) === type)
  }

  #openOf(household: string): FollowupEntry[] {
    return this.#idsOf(household, 'followup')
      .map((id) => this.#followups.get(id))
      .filter((doc) => doc !== undefined)
      .filter(isOpen)
      .map((doc) => this.#followupEntry(doc))
      .sort(nearestFirst)
  }

  #followupEntry(doc: Stored<Followup>): FollowupEntry {
    return {
      id: doc._id,
      doc,
      household: this.#households.get(doc.household) ?? null,
      days: daysBetween(day(this.now()), doc.due),
      waiting: this.#markers.has(doc._id),
    }
  }

  #turnDay(): void {
    const today = day(this.now())
    if (today === this.#today) return
    this.#today = today
    this.#entries.clear()
  }
}

/**
 * True for what the feed tells late of a document that was edited meanwhile. A winner gives way to an older revision only
 * where there was another live leaf to fall back to.
 */
function isStale(document: Stored, before: Stored): boolean {
  return !before._conflicts?.length && parseInt(document._rev, 10) < parseInt(before._rev, 10)
}

function isOpen(doc: Followup): boolean {
  return (doc.state ?? 'open') === 'open'
}

/** Reviews are looked up by the visit they speak of; a tombstone has nothing but its id. */
function keyOf(id: string): string {
  return typeOf(id) === 'review' ? id.replace('review:', 'visit:') : id
}

function newestFirst(a: VisitEntry, b: VisitEntry): number {
  return Date.parse(b.doc.at) - Date.parse(a.doc.at) || (a.id < b.id ? 1 : -1)
}

function nearestFirst(a: FollowupEntry, b: FollowupEntry): number {
  return a.days - b.days || (a.id < b.id ? -1 : 1)
}
