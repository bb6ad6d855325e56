/** The local databases of one account: one pair for each area that it visits. */

import { householdOf, type AnyDocument, type Stored } from '../documents'
import type { MemoryLibrary } from '../library'
import type { AreaNode, Unsubscribe } from '../face'
import { AreaStore, type Marker } from './area'
import type { KeptStore } from './store'

export interface Holding {
  /** The granted area's id. */
  readonly id: string
  readonly remote: string
  readonly area: AreaStore
  readonly photos: AreaStore
}

/** An unsent document whose area was taken away, with the picture where it is a photo (base64). */
export interface Rescued {
  readonly document: AnyDocument
  readonly title: string
  readonly at: number
  readonly picture?: string
}

/** Keys in the engine's own store: everything of one account lies under one prefix. */
export const keysOf = (account: string) => ({
  all: `account/${account}/`,
  databases: `account/${account}/databases`,
  drafts: `account/${account}/drafts/`,
  proved: `account/${account}/proved`,
  rescued: `account/${account}/rescued/`,
  sent: `account/${account}/sent`,
  synced: `account/${account}/synced`,
})

export class Holdings {
  readonly #kept: KeptStore
  readonly #library: MemoryLibrary
  readonly #account: string
  readonly #holdings = new Map<string, Holding>()
  readonly #follows = new Map<string, Unsubscribe[]>()
  #areas: readonly AreaNode[] = []
  #turn: Promise<unknown> = Promise.resolve()

  constructor(kept: KeptStore, library: MemoryLibrary, account: string) {
    this.#kept = kept
    this.#library = library
    this.#account = account
  }

  list(): readonly Holding[] {
    return [...this.#holdings.values()]
  }

  /**
   * Open what is granted now, and leave what is not any more.
   *
   * @returns the documents that were unsent in what was left: saved before the databases were destroyed
   */
  async follow(granted: readonly string[], areas: readonly AreaNode[], now: number) {
    const job = async () => {
      this.#areas = areas
      const opened = granted.filter((id) => !this.#holdings.has(id))
      const known = (await this.#kept.get<string[]>(keysOf(this.#account).databases)) ?? []
      // Before they are made: a database that nobody remembers would outlive the sign-out.
      await this.#remember([...known, ...granted])
      await Promise.all(opened.map((id) => this.#open(id)))
      const rescued: Rescued[] = []
      for (const id of known.filter((each) => !granted.includes(each))) rescued.push(...(await this.#leave(id, now)))
      await this.#remember(granted)
      return rescued
    }
    const next = this.#turn.then(job)
    this.#turn = next.catch(() => undefined)
    return next
  }

  /** The holding in whose area a leaf area lies. */
  forArea(leaf: string): Holding | null {
    const parents = new Map(this.#areas.map((area) => [area.id, area.parent]))
    for (let id: string | null | undefined = leaf; id; id = parents.get(id)) {
      const holding = this.#holdings.get(id)
      if (holding) return holding
    }
    return null
  }

  /** Read the markers again: another tab sent or wrote something. */
  async refreshMarkers(): Promise<void> {
    const stores = this.list().flatMap(({ area, photos }) => [area, photos])
    const markers = (await Promise.all(stores.map((store) => store.markers()))).flat()
    const ids = new Set(markers.map((marker) => marker.doc))
    this.#library.batch(() => {
      for (const { doc } of this.#library.markers()) if (!ids.has(doc)) this.#library.mark(doc, null)
      for (const marker of markers) this.#library.mark(marker.doc, marker)
    })
  }

  /** Sign-out: nothing of this account stays on the phone. */
  async destroyAll(): Promise<void> {
    const known = (await this.#kept.get<string[]>(keysOf(this.#account).databases)) ?? []
    for (const id of known) {
      const holding = this.#holdings.get(id) ?? (await this.#pair(id))
      this.#unfollow(id)
      await Promise.all([holding.area.destroy(), holding.photos.destroy()])
      this.#holdings.delete(id)
    }
    await this.#kept.deleteAll(keysOf(this.#account).all)
  }

  async close(): Promise<void> {
    await this.#turn
    for (const id of this.#holdings.keys()) this.#unfollow(id)
    await Promise.all(this.list().flatMap(({ area, photos }) => [area.close(), photos.close()]))
    this.#holdings.clear()
  }

  async #remember(ids: readonly string[]): Promise<void> {
    const known = (await this.#kept.get<string[]>(keysOf(this.#account).databases)) ?? []
    const next = [...new Set(ids)].sort()
    if (known.join() !== next.join()) await this.#kept.set(keysOf(this.#account).databases, next)
  }

  async #pair(id: string): Promise<Holding> {
    const [area, photos] = await Promise.all([
      AreaStore.open('area', id, `${this.#account}/area-${id}`),
      AreaStore.open('photos', id, `${this.#account}/photos-${id}`),
    ])
    return { id, remote: `/sync/area-${id}`, area, photos }
  }

  async #open(id: string): Promise<void> {
    const holding = await this.#pair(id)
    this.#holdings.set(id, holding)
    const loaded = await Promise.all([holding.area.load(), holding.photos.load()])
    this.#library.batch(() => {
      for (const { documents, markers } of loaded) {
        this.#library.take(documents)
        for (const marker of markers) this.#library.mark(marker.doc, marker)
      }
    })
    const follows = [holding.area, holding.photos].map((store, index) =>
      store.follow(loaded[index]?.sequence ?? 'now', (documents) => {
        this.#library.take(documents)
      }),
    )
    this.#follows.set(id, follows)
  }

  async #leave(id: string, now: number): Promise<Rescued[]> {
    const holding = this.#holdings.get(id) ?? (await this.#pair(id))
    const [area, photos] = await Promise.all([holding.area.load(), holding.photos.load()])
    const unsent = [...unsentOf(area.documents, area.markers), ...unsentOf(photos.documents, photos.markers)]
    // Asked of the database that is left, not of the library: after a restart the library never held these households.
    const addresses = new Map(area.documents.flatMap((each) => (each.type === 'household' ? [[each._id, each.address]] : [])))
    const rescued: Rescued[] = []
    for (const document of unsent) {
      const household = householdOf(document) ?? ''
      const title = addresses.get(household) ?? household.split(':')[2] ?? ''
      const saved = { document, title, at: now, ...(await picture(holding.photos, document)) }
      await this.#kept.set(keysOf(this.#account).rescued + document._id, saved)
      rescued.push(saved)
    }
    // Only now: what could be lost has been saved.
    this.#unfollow(id)
    this.#holdings.delete(id)
    await Promise.all([holding.area.destroy(), holding.photos.destroy()])
    this.#library.drop([...area.documents, ...photos.documents].map((document) => document._id))
    return rescued
  }

  #unfollow(id: string): void {
    for (const end of this.#follows.get(id) ?? []) end()
    this.#follows.delete(id)
  }
}

function unsentOf(documents: readonly Stored[], markers: readonly Marker[]): Stored[] {
  const ids = new Set(markers.map((marker) => marker.doc))
  return documents.filter((document) => ids.has(document._id))
}

async function picture(photos: AreaStore, document: Stored): Promise<{ picture?: string }> {
  if (document.type !== 'photo') return {}
  const full = await photos.db.get<{ _attachments?: Record<string, { data?: string }> }>(document._id, { attachments: true })
  const data = full._attachments?.['image.jpg']?.data
  return data === undefined ? {} : { picture: data }
}
