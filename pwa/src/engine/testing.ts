/**
 * The real engine for tests of the interface: over IndexedDB in memory, with no server unless a test brings one.
 * Never imported by the application.
 */

import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import type { Account, Grant } from './api/types'
import type { AnyDocument } from './documents'
import { createEngine, type EngineOptions } from './engine'
import type { AreaNode, Engine, SessionPhase } from './face'
import { AreaStore } from './local/area'
import { KeptStore } from './local/store'
import { Signal } from './observed'
import type { Surroundings } from './surroundings'
import type { Fetch } from './wire'

export interface TestSurroundings extends Surroundings {
  set(state: { online?: boolean; visible?: boolean }): void
}

export interface Unsent {
  readonly document: AnyDocument
  /** The server's reason, for one that was refused. */
  readonly refused?: string
}

export interface TestOptions extends Omit<EngineOptions, 'surroundings'> {
  readonly phase?: SessionPhase
  readonly account?: Account
  readonly grants?: readonly Grant[]
  readonly areas?: readonly AreaNode[]
  /** On this phone and on the server. */
  readonly documents?: readonly AnyDocument[]
  /** Photos on this phone that went up already. */
  readonly photos?: readonly AnyDocument[]
  /** On this phone only. */
  readonly unsent?: readonly Unsent[]
  readonly online?: boolean
  /** Keep what an earlier test engine left: a restart of the application. */
  readonly keep?: boolean
}

export interface TestEngine extends Engine {
  readonly surroundings: TestSurroundings
  /** As if others' documents had just been fetched. */
  arrive(documents: readonly AnyDocument[], area?: string): Promise<void>
}

export const TEST_ACCOUNT: Account = { name: 'lihua', display_name: '李华', admin: false }

export const TEST_AREAS: readonly AreaNode[] = [
  { id: 'c-01', parent: null, kind: 'community', name: '新华社区', sort: 1 },
  { id: 'b-0103', parent: 'c-01', kind: 'building', name: '3号楼', sort: 3 },
  { id: 'd-010302', parent: 'b-0103', kind: 'door', name: '2门', sort: 2 },
]

export const TEST_GRANT: Grant = {
  role: 'visitor',
  area: {
    id: 'd-010302',
    name: '2门',
    kind: 'door',
    parent: 'b-0103',
    path: ['c-01', 'b-0103', 'd-010302'],
    path_names: ['新华社区', '3号楼', '2门'],
  },
}

/** No network: what a test gets unless it brings a server of its own. */
export const offlineFetch: Fetch = () => Promise.reject(new TypeError('Failed to fetch'))

export async function createTestEngine(options: TestOptions = {}): Promise<TestEngine> {
  const { account = TEST_ACCOUNT, grants = [TEST_GRANT], areas = TEST_AREAS, phase = 'signed-in' } = options
  if (!options.keep) {
    globalThis.indexedDB = new IDBFactory()
    await seed(options, { account, grants, areas, phase })
  }
  const surroundings = testSurroundings(options.online ?? options.fetch !== undefined)
  const engine = await createEngine({ fetch: offlineFetch, worker: null, ...options, surroundings })
  const name = (area: string) => `${account.name}/area-${area}`
  return Object.assign(engine, {
    surroundings,
    async arrive(documents: readonly AnyDocument[], area = grants[0]?.area.id ?? '') {
      const store = await AreaStore.open('area', area, name(area))
      const before = engine.library.state.version
      await store.db.bulkDocs(documents.map((document) => ({ ...document })))
      await changed(engine, before)
    },
  })
}

function changed(engine: Engine, version: number): Promise<void> {
  return new Promise((resolve) => {
    if (engine.library.state.version !== version) {
      resolve()
      return
    }
    const off = engine.library.on(() => {
      off()
      resolve()
    })
  })
}

type Seeded = Required<Pick<TestOptions, 'account' | 'grants' | 'areas' | 'phase'>>

async function seed({ documents = [], photos: pictures = [], unsent = [] }: TestOptions, { account, grants, areas, phase }: Seeded): Promise<void> {
  const kept = await KeptStore.open()
  if (phase !== 'signed-out') await kept.set('session', { phase, account, grants, areas })
  kept.close()
  if (phase === 'signed-out') return
  const area = grants.find((grant) => grant.role === 'visitor')?.area.id
  if (area === undefined) return
  const [records, photos] = await Promise.all([
    AreaStore.open('area', area, `${account.name}/area-${area}`),
    AreaStore.open('photos', area, `${account.name}/photos-${area}`),
  ])
  await records.db.bulkDocs(documents.map((document) => ({ ...document })))
  await photos.db.bulkDocs(pictures.map((document) => ({ ...document })))
  for (const { document, refused } of unsent) {
    const store = document.type === 'photo' ? photos : records
    const [written] = await store.write([{ id: document._id, next: () => document }], Date.parse(document.at))
    if (!written || refused === undefined) continue
    const marker = await store.marker(document._id)
    if (marker) await store.settle([{ marker, next: { ...marker, refused: { reason: refused, at: marker.at } } }])
  }
  await Promise.all([records.close(), photos.close()])
}

function testSurroundings(online: boolean): TestSurroundings {
  const signal = new Signal<undefined>()
  const now = { online, visible: true }
  return {
    online: () => now.online,
    visible: () => now.visible,
    on: signal.on,
    set(state) {
      Object.assign(now, state)
      signal.emit(undefined)
    },
  }
}
