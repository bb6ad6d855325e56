/**
 * What the interface may ask of the engine. Nothing here knows of Vue, and nothing in the interface knows of PouchDB.
 *
 * Every `on(listener)` returns the function that takes the listener off again. Every `state` is an immutable value that
 * is replaced at each change, so a shallow reference to it is enough. Moments are ISO 8601 with `+08:00`, days are
 * `YYYY-MM-DD` in Asia/Shanghai.
 */

import type { Api, Account, Grant } from './api/types'
import type { Consent, Followup, Household, Mark, Outcome, Photo, Review, Stored, Visit } from './documents'

export type Unsubscribe = () => void

export interface Observed<T> {
  readonly state: T
  on(listener: (state: T) => void): Unsubscribe
}

// ---------------------------------------------------------------------------------------------------------- session

/** `expired`: the server asked for the password again; everything local goes on meanwhile. */
export type SessionPhase = 'signed-out' | 'signed-in' | 'expired'

/** A node of the tree of areas that this account may see, ancestors included. */
export interface AreaNode {
  readonly id: string
  readonly parent: string | null
  readonly kind: 'district' | 'street' | 'community' | 'building' | 'door'
  readonly name: string
  readonly sort?: number
}

export interface SessionState {
  readonly phase: SessionPhase
  readonly account: Account | null
  readonly grants: readonly Grant[]
  readonly areas: readonly AreaNode[]
}

export interface SessionStore extends Observed<SessionState> {
  /**
   * Sign in, or resume an expired session. Another account's unsent records stay on this phone, unseen, until that
   * account signs in again.
   *
   * @throws ApiError 401 for a wrong name or password, 429 with `retryAfter`; NetworkError where there is no network.
   */
  signIn(name: string, password: string): Promise<void>
  /**
   * Sign out here and destroy this account's data on this phone. Works with no network.
   *
   * @throws UnsentError where something is not uploaded yet and `discardUnsent` is not true.
   */
  signOut(options?: { discardUnsent?: boolean }): Promise<void>
  /** End every session of this account, on all phones; needs the network. Then as {@link signOut}. */
  signOutEverywhere(options?: { discardUnsent?: boolean }): Promise<void>
  /** Make the first administrator with the one-time link that the server printed, and sign in. */
  setup(token: string, name: string, displayName: string, password: string): Promise<void>
  changePassword(old: string, next: string): Promise<void>
  /** True for a supervisor of at least one area (or an administrator). */
  readonly supervises: boolean
  /** True where at least one area is kept on this phone. */
  readonly visits: boolean
}

// ------------------------------------------------------------------------------------------------------------- sync

export type SyncPhase = 'idle' | 'syncing' | 'offline' | 'expired' | 'error'

/**
 * Why the last round did not end well. `portal`: something between here and the server answers in its place (a log-in
 * page of a wireless network). `revoked`: an area was taken away; what was unsent there is in the outbox.
 */
export type SyncDetail = 'timeout' | 'unreachable' | 'portal' | 'busy' | 'server' | 'storage-full' | 'revoked'

export interface SyncSnapshot {
  /** What the browser believes; a hint, not a proof. */
  readonly online: boolean
  readonly phase: SyncPhase
  /** Documents on this phone that the server has not acknowledged; exact, also after a kill. Photos count one each. */
  readonly waiting: number
  /** Documents that the server refused and that nobody mended or discarded yet. */
  readonly refused: number
  readonly lastSyncedAt: string | null
  readonly detail: SyncDetail | null
}

export interface SyncState extends Observed<SyncSnapshot> {
  /** Start a round now (a pull to refresh). Resolves when the round has ended, well or not; never throws. */
  syncNow(): Promise<SyncSnapshot>
}

// ------------------------------------------------------------------------------------------------------------ proof

/** What a comparison of this phone with the server found, in numbers of documents. */
export interface ProofReport {
  readonly at: string
  /** Compared. */
  readonly checked: number
  /** Left out: not uploaded yet. */
  readonly unsent: number
  /** Were missing here, or older than the server's: fetched. */
  readonly fetched: number
  /** Own ones that the server had lost: they go up again. */
  readonly again: number
  /** Others' that the server does not hold: left as they are. */
  readonly extra: number
  /** Missing here, and could not be taken in. */
  readonly unmended: number
}

export interface ProofSnapshot {
  /** `failed`: asked for, and there was no way to the server. */
  readonly phase: 'idle' | 'checking' | 'failed'
  readonly last: ProofReport | null
}

export interface ProofState extends Observed<ProofSnapshot> {
  /** Compare now, after a round. Resolves when it has ended, well or not; never throws. */
  check(): Promise<ProofSnapshot>
}

// ---------------------------------------------------------------------------------------------------------- library

/**
 * `waiting`: on this phone only. `refused`: the server said no. `pending`: uploaded, nobody looked yet, or edited since
 * it was returned. `approved`, `returned`: as the supervisor decided on exactly this revision.
 */
export type VisitState = 'waiting' | 'refused' | 'pending' | 'approved' | 'returned'

export interface VisitEntry {
  readonly id: string
  readonly doc: Stored<Visit>
  readonly state: VisitState
  /** The newest review, also where the visit was edited after it. */
  readonly review: Stored<Review> | null
  /** Written by the signed-in account and still editable. */
  readonly mine: boolean
}

export interface FollowupEntry {
  readonly id: string
  readonly doc: Stored<Followup>
  readonly household: Stored<Household> | null
  /** Days from today to the due day; negative when late. */
  readonly days: number
  readonly waiting: boolean
}

/** A household with what a cell of the building view and a card need, ready made. */
export interface HouseholdEntry {
  readonly id: string
  readonly doc: Stored<Household>
  readonly lastVisit: VisitEntry | null
  /** The last visit that met somebody. */
  readonly lastMet: VisitEntry | null
  /** Open follow-ups, nearest first. */
  readonly followups: readonly FollowupEntry[]
  readonly waiting: boolean
}

export interface PhotoEntry {
  readonly id: string
  /** On this phone and not uploaded yet. */
  readonly waiting: boolean
  readonly doc: Stored<Photo> | null
  /** The picture itself: from the phone where it still is, else from the server. The caller revokes an object URL. */
  url(): Promise<string>
}

export interface LibraryState {
  /** False until the local databases were read once; lists are empty before. */
  readonly ready: boolean
  /** Grows at every change; the entries themselves are asked for. */
  readonly version: number
}

export interface Library extends Observed<LibraryState> {
  /** Leaf areas that have households on this phone or are granted, in the tree's order. */
  areas(): readonly AreaNode[]
  /** Of one leaf area, or all on this phone; by building, unit, floor, door. */
  households(area?: string): readonly HouseholdEntry[]
  household(id: string): HouseholdEntry | null
  /** Newest first. */
  visitsOf(household: string): readonly VisitEntry[]
  visit(id: string): VisitEntry | null
  /** My own visits, newest first. */
  myVisits(limit?: number): readonly VisitEntry[]
  /** Open follow-ups for me (or for everybody on this phone), nearest first. */
  followupsOpen(who?: 'me' | 'all'): readonly FollowupEntry[]
  followup(id: string): FollowupEntry | null
  /** My visits that were returned and not edited since. */
  reviewsReturned(): readonly VisitEntry[]
  photosOf(visit: string): readonly PhotoEntry[]
}

// ---------------------------------------------------------------------------------------------------------- records

/** A photo made small, not stored yet: put it into a {@link VisitDraft}. It survives inside a stored draft. */
export interface ShrunkPhoto {
  readonly id: string
  readonly data: Uint8Array<ArrayBuffer>
  readonly width: number
  readonly height: number
}

export interface FollowupDraft {
  /** `YYYY-MM-DD`. */
  due: string
  why?: string
  /** Account to be reminded; the visitor by default. */
  to?: string
}

export interface VisitDraft {
  household: string
  outcome: Outcome
  needs?: string[]
  note?: string
  card_left?: boolean
  photos?: ShrunkPhoto[]
  followup?: FollowupDraft | null
  /** Ids of open follow-ups that this visit fulfils. */
  completes?: string[]
}

export interface VisitPatch {
  outcome?: Outcome
  needs?: string[]
  note?: string
  card_left?: boolean
  /** Photo ids to keep; those left out are taken off the visit. */
  photos?: string[]
  addPhotos?: ShrunkPhoto[]
  followup?: FollowupDraft | null
}

export interface HouseholdDraft {
  /** Leaf area. */
  area: string
  door: string
  building?: string
  unit?: string
  floor?: number | null
  address?: string
  name?: string | null
  phone?: string | null
  people?: number | null
  marks?: Mark[]
  consent?: Consent
  consent_at?: string | null
  no_visit?: boolean
  note?: string
}

/** Every method ends when the record is durable on this phone; none waits for the network. */
export interface Records {
  saveVisit(draft: VisitDraft): Promise<VisitEntry>
  /** Take back a visit just saved, with its follow-up and photos. Resolves false where it is too late to do so quietly. */
  undoVisit(id: string): Promise<boolean>
  /** Edit an own visit that is not approved; after a return this makes it pending again, after a refusal it goes up again. */
  mendVisit(id: string, patch: VisitPatch): Promise<VisitEntry>
  deleteVisit(id: string): Promise<void>
  /** Make the household of a door, or edit it where it exists. `door` is normalised. */
  saveHousehold(draft: HouseholdDraft): Promise<HouseholdEntry>
  addFollowup(household: string, draft: FollowupDraft): Promise<FollowupEntry>
  completeFollowup(id: string, visit?: string): Promise<FollowupEntry>
  cancelFollowup(id: string): Promise<FollowupEntry>
  moveFollowup(id: string, due: string): Promise<FollowupEntry>
  /** Turn upright, shrink to at most 200 kB of JPEG and strip what the camera wrote into it (place, time, device). */
  attachPhoto(blob: Blob): Promise<ShrunkPhoto>
}

// ----------------------------------------------------------------------------------------------------------- outbox

export interface OutboxItem {
  readonly docId: string
  readonly type: 'visit' | 'household' | 'followup' | 'photo'
  /** Where it belongs, in the words of the register: "3号楼2门501". */
  readonly title: string
  readonly household: string | null
  /** The visit that this belongs to or is: where 修改 leads. */
  readonly visit: string | null
  /** `rescued`: unsent when its area was taken away from this account; kept here until exported or discarded. */
  readonly state: 'waiting' | 'refused' | 'rescued' | 'done'
  /** The server's reason, in Chinese, for a refused one. */
  readonly reason?: string
  /** Saved at; for `done` uploaded at. */
  readonly at: string
}

export interface OutboxState {
  readonly version: number
}

export interface Outbox extends Observed<OutboxState> {
  /** Refused first, then waiting (oldest first), then rescued, then what went up today. */
  items(): readonly OutboxItem[]
  /** Send a refused one again as it is (after a grant or a rule was mended). */
  retry(docId: string): Promise<void>
  /** Give a refused, rescued or never uploaded document up. */
  discard(docId: string): Promise<void>
}

// ----------------------------------------------------------------------------------------------------------- others

/** What was begun and not saved, by key (a household's id, or the form's name). Survives a kill and an update. */
export interface Drafts {
  get<T = Partial<VisitDraft>>(key: string): T | null
  /** Kept at once in memory; the promise ends when it is durable. */
  set(key: string, draft: object): Promise<void>
  clear(key: string): Promise<void>
  keys(): readonly string[]
}

export interface HouseholdHit {
  readonly household: HouseholdEntry
  /** What matched, for emphasis. */
  readonly by: 'name' | 'pinyin' | 'initials' | 'door' | 'address'
}

export interface StorageSnapshot {
  /** Bytes; null where the browser doesn't tell. */
  readonly used: number | null
  readonly quota: number | null
  readonly persisted: boolean
  readonly documents: number
}

export interface StorageState extends Observed<StorageSnapshot> {
  refresh(): Promise<StorageSnapshot>
  /** Ask the browser not to throw this away under pressure. */
  askPersist(): Promise<boolean>
}

export interface PushSnapshot {
  readonly permission: 'unsupported' | 'default' | 'granted' | 'denied'
  readonly subscribed: boolean
}

export interface PushState extends Observed<PushSnapshot> {
  /** Asks for permission, so call it from a tap. Throws where permission or the push service says no. */
  subscribe(): Promise<void>
  unsubscribe(): Promise<void>
  /** Have the server send one to this account's subscriptions. */
  test(): Promise<void>
  /** A push arrived while the app was open: refresh the list of reminders. */
  onMessage(listener: (message: PushMessage) => void): Unsubscribe
}

export interface PushMessage {
  readonly key: string
  readonly kind: string
  readonly title: string
  readonly body: string
  readonly url: string
}

export interface UpdateSnapshot {
  /** A new version is here and waits. */
  readonly available: boolean
  /** The page is kept for a start with no network. */
  readonly offlineReady: boolean
}

export interface UpdateState extends Observed<UpdateSnapshot> {
  /** Change to the new version: reloads the page once. Drafts stay. */
  apply(): Promise<void>
  check(): Promise<void>
}

export interface Engine {
  readonly session: SessionStore
  readonly sync: SyncState
  /** Whether this phone holds what the server holds: proved once a day, and on request. */
  readonly proof: ProofState
  readonly library: Library
  readonly records: Records
  readonly outbox: Outbox
  readonly drafts: Drafts
  /** Offline search by name, pinyin, initials, and door ("501", "3-2-501", "3号楼2门501"). */
  readonly search: (text: string, limit?: number) => HouseholdHit[]
  readonly storage: StorageState
  readonly push: PushState
  readonly update: UpdateState
  readonly api: Api
  /** Today in Asia/Shanghai, `YYYY-MM-DD`; the one clock the interface should use for due days. */
  today(): string
  /** Stop timers, listeners and replication, and close the databases. Nothing is lost. */
  close(): Promise<void>
}
