import type {
  Api,
  Engine,
  FollowupEntry,
  Household,
  HouseholdEntry,
  LibraryState,
  Observed,
  ProofSnapshot,
  OutboxItem,
  PushSnapshot,
  Review,
  SessionState,
  Stored,
  SyncSnapshot,
  UpdateSnapshot,
  Visit,
  VisitDraft,
  VisitEntry,
  VisitState,
} from '@/engine'
import { AREAS, DOOR, grant, makeFollowups, makeHouseholds, makeReviews, makeVisits, TODAY } from './district'
import { fakeReviews, type FakeReviews } from './reviews'

/** An observed value that a test can change. */
export class Told<T> implements Observed<T> {
  readonly #listeners = new Set<(state: T) => void>()
  constructor(public state: T) {}
  on(listener: (state: T) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
  tell(part: Partial<T>): void {
    this.state = { ...this.state, ...part }
    for (const listener of [...this.#listeners]) listener(this.state)
  }
}

export interface FakeEngine extends Engine {
  told: { session: Told<SessionState>; sync: Told<SyncSnapshot>; proof: Told<ProofSnapshot>; library: Told<LibraryState>; outbox: Told<{ version: number }>; update: Told<UpdateSnapshot> }
  saved: VisitDraft[]
  outboxItems: OutboxItem[]
  reviews: FakeReviews
}

export interface FakeOptions {
  role?: 'visitor' | 'supervisor' | 'both' | 'none'
  empty?: boolean
}

/** The engine's face in memory: what is saved is there at once, nothing goes anywhere. */
export function fakeEngine(options: FakeOptions = {}): FakeEngine {
  const role = options.role ?? 'visitor'
  const visits = options.empty ? [] : makeVisits()
  const households = options.empty ? [] : makeHouseholds()
  const followups = options.empty ? [] : makeFollowups()
  const reviewDocs: Stored<Review>[] = options.empty ? [] : makeReviews()
  const drafts = new Map<string, object>()
  const grants = [
    ...(role === 'visitor' || role === 'both' ? [grant('visitor', 'd-0301'), grant('visitor', DOOR)] : []),
    ...(role === 'supervisor' || role === 'both' ? [grant('supervisor', 'xingfu')] : []),
  ]
  const account = { name: 'li', display_name: role === 'supervisor' ? '王书记' : '李敏', admin: false }
  const told: FakeEngine['told'] = {
    session: new Told<SessionState>(role === 'none' ? { phase: 'signed-out', account: null, grants: [], areas: [] } : { phase: 'signed-in', account, grants, areas: AREAS }),
    sync: new Told<SyncSnapshot>({ online: true, phase: 'idle', waiting: 0, refused: 0, lastSyncedAt: `${TODAY}T09:00:00+08:00`, detail: null }),
    proof: new Told<ProofSnapshot>({ phase: 'idle', last: null }),
    library: new Told<LibraryState>({ ready: true, version: 1 }),
    outbox: new Told({ version: 1 }),
    update: new Told<UpdateSnapshot>({ available: false, offlineReady: true }),
  }
  const reviews = fakeReviews(12)
  const saved: VisitDraft[] = []
  let count = 100

  const changed = (): void => told.library.tell({ version: told.library.state.version + 1 })
  const reviewOf = (id: string): Stored<Review> | null => reviewDocs.find((one) => one.visit === id) ?? null
  const stateOf = (doc: Stored<Visit>): VisitState => {
    const review = reviewOf(doc._id)
    if (review?.visit_rev === doc._rev) return review.state
    return Number(doc._id.slice(-3)) >= 100 ? 'waiting' : 'pending'
  }
  const entryOf = (doc: Stored<Visit>): VisitEntry => ({ id: doc._id, doc, state: stateOf(doc), review: reviewOf(doc._id), mine: stateOf(doc) !== 'approved' })
  const visitsOf = (id: string): VisitEntry[] => visits.filter((doc) => doc.household === id).sort((a, b) => b.at.localeCompare(a.at)).map(entryOf)
  const promises = (): FollowupEntry[] =>
    followups
      .filter((doc) => doc.state === 'open')
      .map((doc) => ({
        id: doc._id,
        doc,
        household: households.find((one) => one._id === doc.household) ?? null,
        days: Math.round((Date.parse(doc.due) - Date.parse(TODAY)) / 86_400_000),
        waiting: false,
      }))
      .sort((a, b) => a.days - b.days)
  const householdEntry = (doc: Stored<Household>): HouseholdEntry => {
    const history = visitsOf(doc._id)
    return {
      id: doc._id,
      doc,
      lastVisit: history[0] ?? null,
      lastMet: history.find((one) => one.doc.outcome === 'met') ?? null,
      followups: promises().filter((one) => one.doc.household === doc._id),
      waiting: history.some((one) => one.state === 'waiting'),
    }
  }

  const api = {
    visits: reviews.visits,
    areas: { list: () => Promise.resolve(AREAS) },
    reminders: { list: () => Promise.resolve([]), read: () => Promise.resolve() },
    photos: { url: (id: string) => `/api/photos/${id}`, thumbnail: (id: string) => `/api/photos/${id}/thumbnail` },
    refusals: { list: () => Promise.resolve([]), discard: () => Promise.resolve() },
    households: { looked: () => Promise.resolve() },
  } satisfies Api

  const fake: FakeEngine = {
    told,
    saved,
    outboxItems: [],
    reviews,
    api,
    session: Object.assign(told.session, {
      supervises: role === 'supervisor' || role === 'both',
      visits: role === 'visitor' || role === 'both',
      signIn: () => {
        told.session.tell({ phase: 'signed-in', account, grants, areas: AREAS })
        return Promise.resolve()
      },
      signOut: () => Promise.resolve(),
      signOutEverywhere: () => Promise.resolve(),
      setup: () => Promise.resolve(),
      changePassword: () => Promise.resolve(),
    }),
    sync: Object.assign(told.sync, { syncNow: () => Promise.resolve(told.sync.state) }),
    proof: Object.assign(told.proof, { check: () => Promise.resolve(told.proof.state) }),
    library: Object.assign(told.library, {
      areas: () => AREAS.filter((area) => area.kind === 'door'),
      households: (area?: string) => households.filter((doc) => !area || doc.area === area).map(householdEntry),
      household: (id: string) => {
        const doc = households.find((one) => one._id === id)
        return doc ? householdEntry(doc) : null
      },
      visitsOf,
      visit: (id: string) => visits.filter((doc) => doc._id === id).map(entryOf)[0] ?? null,
      myVisits: () => visits.map(entryOf),
      followupsOpen: promises,
      followup: (id: string) => promises().find((one) => one.id === id) ?? null,
      reviewsReturned: () => visits.map(entryOf).filter((one) => one.state === 'returned'),
      photosOf: () => [],
    }),
    records: {
      saveVisit: (draft: VisitDraft) => {
        saved.push(draft)
        const id = `visit:01J00000000000000000000${String(count++)}`
        const { needs = [], note = '', card_left = false } = draft
        visits.push({ _id: id, _rev: '1-a', type: 'visit', area: DOOR, by: 'li', at: `${TODAY}T11:30:00.000+08:00`, v: 1, household: draft.household, outcome: draft.outcome, needs, note, card_left, photos: [] })
        for (const doc of followups) if (draft.completes?.includes(doc._id)) doc.state = 'done'
        told.sync.tell({ waiting: told.sync.state.waiting + 1 })
        changed()
        return Promise.resolve(entryOf(visits[visits.length - 1]!))
      },
      undoVisit: (id: string) => {
        visits.splice(visits.findIndex((doc) => doc._id === id), 1)
        told.sync.tell({ waiting: told.sync.state.waiting - 1 })
        changed()
        return Promise.resolve(true)
      },
      mendVisit: (id: string, patch) => {
        const at = visits.findIndex((doc) => doc._id === id)
        visits[at] = { ...visits[at]!, outcome: patch.outcome ?? visits[at]!.outcome, note: patch.note ?? '', needs: patch.needs ?? [], _rev: '2-b' }
        changed()
        return Promise.resolve(entryOf(visits[at]!))
      },
      deleteVisit: () => Promise.resolve(),
      saveHousehold: (draft) => {
        const id = `household:${draft.area}:${draft.door}`
        const at = households.findIndex((doc) => doc._id === id)
        const before = households[at] ?? { ...makeHouseholds()[0]!, phone: null, marks: [], note: '', _id: id }
        const doc = { ...before, ...draft, _id: id, type: 'household' as const }
        if (at < 0) households.push(doc)
        else households[at] = doc
        changed()
        return Promise.resolve(householdEntry(doc))
      },
      addFollowup: () => Promise.reject(new Error('not in the fake')),
      completeFollowup: (id: string) => {
        const entry = promises().find((one) => one.id === id)!
        followups.find((doc) => doc._id === id)!.state = 'done'
        changed()
        return Promise.resolve(entry)
      },
      cancelFollowup: () => Promise.reject(new Error('not in the fake')),
      moveFollowup: () => Promise.reject(new Error('not in the fake')),
      attachPhoto: async (blob: Blob) => ({ id: `photo:${String(count++)}`, data: new Uint8Array(await blob.arrayBuffer()), width: 800, height: 600 }),
    },
    outbox: Object.assign(told.outbox, {
      items: () => fake.outboxItems,
      retry: () => Promise.resolve(),
      discard: (id: string) => {
        fake.outboxItems = fake.outboxItems.filter((item) => item.docId !== id)
        told.outbox.tell({ version: told.outbox.state.version + 1 })
        return Promise.resolve()
      },
    }),
    drafts: {
      get: <T>(key: string) => (drafts.get(key) as T | undefined) ?? null,
      set: (key, draft) => Promise.resolve(void drafts.set(key, structuredClone(draft))),
      clear: (key) => Promise.resolve(void drafts.delete(key)),
      keys: () => [...drafts.keys()],
    },
    search: (text) =>
      households
        .filter((doc) => doc.name?.includes(text) === true || doc.door.includes(text))
        .map((doc) => ({ household: householdEntry(doc), by: 'name' as const })),
    storage: Object.assign(new Told({ used: 12_400_000, quota: 2_000_000_000, persisted: false, documents: 120 }), {
      refresh: () => Promise.resolve({ used: 0, quota: 0, persisted: false, documents: 0 }),
      askPersist: () => Promise.resolve(true),
    }),
    push: Object.assign(new Told<PushSnapshot>({ permission: 'default', subscribed: false }), {
      subscribe: () => Promise.resolve(),
      unsubscribe: () => Promise.resolve(),
      test: () => Promise.resolve(),
      onMessage: () => () => undefined,
    }),
    update: Object.assign(told.update, { apply: () => Promise.resolve(), check: () => Promise.resolve() }),
    today: () => TODAY,
    close: () => Promise.resolve(),
  }
  return fake
}
