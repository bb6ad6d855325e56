/** What a visitor writes down. Everything ends when it is durable on this phone; nothing waits for the network. */

import { instant, type Clock } from './clock'
import { doorId, normalDoor } from './doors'
import type { AnyDocument, Followup, Household, Photo, Stored, Visit } from './documents'
import { FrozenError, MissingError } from './errors'
import type {
  FollowupDraft,
  FollowupEntry,
  HouseholdDraft,
  HouseholdEntry,
  Records,
  ShrunkPhoto,
  VisitDraft,
  VisitEntry,
  VisitPatch,
} from './face'
import type { MemoryLibrary } from './library'
import { isHeld, type AreaStore, type Change } from './local/area'
import type { Holding } from './local/holdings'
import type { NextId } from './ulid'

export interface RecordPorts {
  readonly library: MemoryLibrary
  readonly now: Clock
  readonly nextId: NextId
  readonly account: () => string
  /** For how long (ms) a visit just saved is not sent. */
  readonly hold: number
  readonly holdingOf: (area: string) => Holding | null
  /** Something was saved that may go up after `delay` ms. */
  readonly saved: (delay: number) => void
  readonly clearDraft: (key: string) => Promise<void>
  readonly shrink: (blob: Blob) => Promise<Omit<ShrunkPhoto, 'id'>>
  /** Search keys of a name, at once or not at all. */
  readonly pinyin: (name: string) => Promise<string | undefined>
}

type Head = Pick<Visit, 'area' | 'at' | 'by' | 'v'>

export class LocalRecords implements Records {
  readonly #ports: RecordPorts

  constructor(ports: RecordPorts) {
    this.#ports = ports
  }

  async saveVisit(draft: VisitDraft): Promise<VisitEntry> {
    const { nextId, now } = this.#ports
    const household = this.#household(draft.household)
    const holding = this.#holding(household.area)
    const head = this.#head(household.area)
    const id = `visit:${nextId()}`
    const followup = draft.followup ? this.#newFollowup(head, household._id, draft.followup, id) : null
    const visit: Visit = {
      ...head,
      _id: id,
      type: 'visit',
      household: household._id,
      outcome: draft.outcome,
      needs: draft.needs ?? [],
      note: draft.note?.trim() ?? '',
      card_left: draft.card_left ?? false,
      photos: (draft.photos ?? []).map((photo) => photo.id),
      followup: followup?._id ?? null,
    }
    const hold = now() + this.#ports.hold
    // Photos first: a kill in between leaves a photo without a visit, never a visit without its photo.
    await this.#putPhotos(holding, visit, draft.photos ?? [], hold)
    const changes = [create(visit), ...(followup ? [create(followup)] : [])]
    for (const done of draft.completes ?? []) changes.push(edit<Followup>(done, this.#done(id)))
    await this.#write(holding.area, changes, hold)
    await this.#ports.clearDraft(household._id)
    this.#ports.saved(this.#ports.hold)
    return this.#visit(id)
  }

  async undoVisit(id: string): Promise<boolean> {
    const { library, now } = this.#ports
    const visit = this.#visit(id)
    const marker = library.marker(id)
    const quietly = marker !== null && marker.base === null && (marker.refused !== null || isHeld(marker, now()))
    if (!visit.mine) throw new FrozenError(id)
    await this.#takeBack(visit.doc, quietly)
    this.#ports.saved(0)
    return quietly
  }

  async deleteVisit(id: string): Promise<void> {
    await this.undoVisit(id)
  }

  async mendVisit(id: string, patch: VisitPatch): Promise<VisitEntry> {
    const entry = this.#visit(id)
    if (!entry.mine) throw new FrozenError(id)
    const holding = this.#holding(entry.doc.area)
    const { followup, photos, addPhotos = [], ...fields } = patch
    const promised = this.#mendFollowup(entry.doc, followup)
    await this.#putPhotos(holding, entry.doc, addPhotos, 0)
    const change = edit<Visit>(id, (visit) => ({
      ...this.#dated(visit),
      ...fields,
      photos: [...(photos ?? visit.photos ?? []), ...addPhotos.map((photo) => photo.id)],
      ...(promised ? { followup: promised.id } : {}),
    }))
    await this.#write(holding.area, [change, ...(promised?.changes ?? [])], 0)
    await this.#dropPhotos(holding, entry.doc, id)
    await this.#redate(holding.area, this.#ports.library.followupsOfVisit(id))
    await this.#redate(holding.photos, this.#ports.library.photosOf(id).flatMap((photo) => photo.doc ?? []))
    await this.#ports.clearDraft(id)
    this.#ports.saved(0)
    return this.#visit(id)
  }

  async saveHousehold(draft: HouseholdDraft): Promise<HouseholdEntry> {
    const door = normalDoor(draft.door)
    const id = doorId(draft.area, door)
    const holding = this.#holding(draft.area)
    const name = draft.name?.trim() ?? null
    const known = this.#ports.library.household(id)?.doc
    const pinyin = name === (known?.name ?? null) ? known?.pinyin : name ? await this.#ports.pinyin(name) : null
    const change: Change = {
      id,
      next: (current) => {
        const before = current as Stored<Household> | null
        const fields = { ...draft, door, ...('name' in draft ? { name, pinyin: pinyin ?? null } : {}) }
        const head = before ? this.#dated(before) : { ...this.#head(draft.area), source: 'visit' as const }
        const address = draft.address?.trim() ?? before?.address ?? ''
        return { ...head, ...fields, address: address === '' ? addressOf(draft, door) : address, _id: id, type: 'household' }
      },
    }
    await this.#write(holding.area, [change], 0)
    this.#ports.saved(0)
    return found(this.#ports.library.household(id), id)
  }

  async addFollowup(household: string, draft: FollowupDraft): Promise<FollowupEntry> {
    const doc = this.#household(household)
    const followup = this.#newFollowup(this.#head(doc.area), household, draft)
    await this.#write(this.#holding(doc.area).area, [create(followup)], 0)
    this.#ports.saved(0)
    return found(this.#ports.library.followup(followup._id), followup._id)
  }

  completeFollowup(id: string, visit?: string): Promise<FollowupEntry> {
    return this.#editFollowup(id, this.#done(visit ?? null))
  }

  cancelFollowup(id: string): Promise<FollowupEntry> {
    return this.#editFollowup(id, (doc) => ({ ...doc, state: 'cancelled', done_at: instant(this.#ports.now()) }))
  }

  moveFollowup(id: string, due: string): Promise<FollowupEntry> {
    return this.#editFollowup(id, (doc) => ({ ...doc, due }))
  }

  async attachPhoto(blob: Blob): Promise<ShrunkPhoto> {
    return { id: `photo:${this.#ports.nextId()}`, ...(await this.#ports.shrink(blob)) }
  }

  /** Give up a document that was refused or not sent yet, with what belongs to it. */
  async giveUp(id: string): Promise<void> {
    const { library } = this.#ports
    const marker = library.marker(id)
    const doc = library.document(id)
    if (!marker || !doc) return
    if (doc.type === 'visit' && marker.base === null) {
      await this.#takeBack(doc as Stored<Visit>, marker.refused !== null)
    } else {
      const store = this.#storeOf(doc)
      if (marker.base !== null) {
        await store.revert(marker)
        for (const [, winner] of await store.current([id])) library.put(winner)
        library.mark(id, null)
      } else await this.#write(store, [bury(doc, marker.refused === null)], 0)
    }
    this.#ports.saved(0)
  }

  // ---------------------------------------------------------------------------------------------------------------

  /** The visit, the follow-ups it promised and its photos go; follow-ups that it fulfilled are open again. */
  async #takeBack(visit: Stored<Visit>, quietly: boolean): Promise<void> {
    const { library } = this.#ports
    const holding = this.#holding(visit.area)
    const changes = [bury(visit, !quietly)]
    for (const followup of library.followupsOfVisit(visit._id)) {
      if (followup.visit === visit._id) changes.push(bury(followup, !this.#quiet(followup._id)))
      else changes.push(edit<Followup>(followup._id, reopened))
    }
    await this.#write(holding.area, changes, 0)
    const photos = (visit.photos ?? []).map((id) => library.document(id)).filter((doc) => doc !== null)
    await this.#write(holding.photos, photos.map((photo) => bury(photo, !this.#quiet(photo._id))), 0)
  }

  /** Whether the server cannot have heard of a document, nor be hearing of it right now. */
  #quiet(id: string): boolean {
    const marker = this.#ports.library.marker(id)
    return marker !== null && marker.base === null && (marker.refused !== null || isHeld(marker, this.#ports.now()))
  }

  /**
   * The same with today's date, where the server does not have it and it lies in the future: it was made under a clock
   * that has been put right since.
   */
  #dated<T extends AnyDocument>(document: T): T {
    const now = this.#ports.now()
    const unsent = this.#ports.library.marker(document._id)?.base === null
    return unsent && Date.parse(document.at) > now ? { ...document, at: instant(now) } : document
  }

  async #redate(store: AreaStore, documents: readonly Stored[]): Promise<void> {
    const wrong = documents.filter((document) => this.#dated(document) !== document)
    await this.#write(store, wrong.map(({ _id }) => edit(_id, (document) => this.#dated(document))), 0)
  }

  async #dropPhotos(holding: Holding, before: Visit, id: string): Promise<void> {
    const kept = new Set(this.#visit(id).doc.photos)
    const gone = (before.photos ?? []).filter((photo) => !kept.has(photo)).map((photo) => this.#ports.library.document(photo))
    const docs = gone.filter((doc) => doc !== null)
    await this.#write(holding.photos, docs.map((doc) => bury(doc, !this.#quiet(doc._id))), 0)
  }

  async #putPhotos(holding: Holding, visit: Visit, photos: readonly ShrunkPhoto[], hold: number): Promise<void> {
    const docs = photos.map(
      ({ id, data, width, height }): Photo => ({
        ...this.#head(visit.area),
        _id: id,
        type: 'photo',
        visit: visit._id,
        household: visit.household,
        width,
        height,
        _attachments: { 'image.jpg': { content_type: 'image/jpeg', data: base64(data) } },
      }),
    )
    await this.#write(holding.photos, docs.map(create), hold)
  }

  #mendFollowup(visit: Visit, draft: FollowupDraft | null | undefined): { id: string | null; changes: Change[] } | null {
    if (draft === undefined) return null
    const old = visit.followup ? this.#ports.library.followup(visit.followup) : null
    if (old && draft) {
      const change = edit<Followup>(old.id, (doc) => ({ ...doc, ...draft }))
      return { id: old.id, changes: [change] }
    }
    if (old) {
      const cancelled = edit<Followup>(old.id, (doc) => ({ ...doc, state: 'cancelled', done_at: instant(this.#ports.now()) }))
      return { id: null, changes: [cancelled] }
    }
    if (!draft) return null
    const fresh = this.#newFollowup(this.#head(visit.area), visit.household, draft, visit._id)
    return { id: fresh._id, changes: [create(fresh)] }
  }

  #newFollowup(head: Head, household: string, draft: FollowupDraft, visit: string | null = null): Followup {
    return {
      ...head,
      _id: `followup:${this.#ports.nextId()}`,
      type: 'followup',
      household,
      visit,
      due: draft.due,
      to: draft.to ?? head.by,
      why: draft.why?.trim() ?? '',
      state: 'open',
    }
  }

  #done(visit: string | null): (doc: Stored<Followup>) => Followup {
    const at = instant(this.#ports.now())
    return (doc) => ({ ...doc, state: 'done', done_at: at, done_by_visit: visit })
  }

  async #editFollowup(id: string, next: (doc: Stored<Followup>) => Followup): Promise<FollowupEntry> {
    const entry = found(this.#ports.library.followup(id), id)
    await this.#write(this.#holding(entry.doc.area).area, [edit(id, next)], 0)
    this.#ports.saved(0)
    return found(this.#ports.library.followup(id), id)
  }

  async #write(store: AreaStore, changes: readonly Change[], hold: number): Promise<void> {
    if (changes.length === 0) return
    const { library, now } = this.#ports
    const written = await store.write(changes, now(), hold)
    library.batch(() => {
      for (const { document, marker } of written) {
        library.put(document)
        library.mark(document._id, marker)
      }
    })
  }

  #head(area: string): Head {
    return { area, by: this.#ports.account(), at: instant(this.#ports.now()), v: 1 }
  }

  #household(id: string): Stored<Household> {
    return found(this.#ports.library.household(id), id).doc
  }

  #visit(id: string): VisitEntry {
    return found(this.#ports.library.visit(id), id)
  }

  #holding(area: string): Holding {
    return found(this.#ports.holdingOf(area), area)
  }

  #storeOf(doc: AnyDocument): AreaStore {
    const holding = this.#holding(doc.area)
    return doc.type === 'photo' ? holding.photos : holding.area
  }
}

function found<T>(value: T | null, id: string): T {
  if (value === null) throw new MissingError(id)
  return value
}

function create(document: AnyDocument): Change {
  return { id: document._id, next: () => document }
}

function edit<T extends AnyDocument>(id: string, next: (doc: Stored<T>) => AnyDocument): Change {
  return { id, next: (current) => (current ? next(current as unknown as Stored<T>) : null) }
}

function bury({ _id, type, area, by, at, v }: AnyDocument, send: boolean): Change {
  return {
    id: _id,
    send,
    next: (current) => (current ? ({ _id, _deleted: true, type, area, by, at, v } as AnyDocument) : null),
  }
}

function reopened(doc: Stored<Followup>): Followup {
  return { ...doc, state: 'open', done_at: null, done_by_visit: null }
}

function addressOf(draft: HouseholdDraft, door: string): string {
  const building = draft.building ? `${draft.building}号楼` : ''
  const unit = draft.unit ? `${draft.unit}门` : ''
  return `${building}${unit}${door}`
}

function base64(bytes: Uint8Array): string {
  let text = ''
  for (let from = 0; from < bytes.length; from += 0x8000) text += String.fromCharCode(...bytes.subarray(from, from + 0x8000))
  return btoa(text)
}
