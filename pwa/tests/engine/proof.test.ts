import 'fake-indexeddb/auto'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { AnyDocument, Stored } from '../../src/engine'
import { AreaStore } from '../../src/engine/local/area'
import { compare } from '../../src/engine/sync/compare'
import { prove, type Finding } from '../../src/engine/sync/proof'
import { pull } from '../../src/engine/sync/pull'
import { createTestEngine } from '../../src/engine/testing'
import { wire as makeWire, type Fetch, type Wire } from '../../src/engine/wire'
import { household, visit, ULID } from './documents'
import { browser, missing, PASSWORD, startDistrict, type Browser, type District } from './server/district'

if (missing) console.warn(`Skipped: proofs against the real server (${missing})`)

const MANY = 10_000
const REMOTE = '/sync/area-d-010302'
const EQUAL: Omit<Finding, 'checked' | 'unsent'> = { fetched: [], again: 0, extra: 0, unmended: 0, rewound: false }

type Sent = AnyDocument & { _rev: string; _revisions?: { start: number; ids: string[] } }

const door = (name: string, by = 'lihua') => household(name, { by, floor: 1, source: 'visit' })
const hash = (n: number) => n.toString(16).padStart(32, 'a')
const first = (document: AnyDocument, n = 1): Sent => ({ ...document, _rev: `1-${hash(n)}` })
const edited = (document: Sent, fields: object, n: number): Sent => {
  const parent = document._rev.slice(2)
  return { ...document, ...fields, _rev: `2-${hash(n)}`, _revisions: { start: 2, ids: [hash(n), parent] } } as Sent
}

let district: District

beforeAll(async () => {
  if (missing === null) district = await startDistrict()
}, 30_000)
afterAll(async () => {
  if (missing === null) await district.stop()
})

async function signedIn(name: string): Promise<Browser> {
  const net = browser()
  const body = JSON.stringify({ name, password: PASSWORD })
  await net.fetch(`${district.base}/api/session`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
  return net
}

/** Leaves documents out of what is fetched, as if they had been lost on the way. */
function forgetful(fetch: Fetch, lost: ReadonlySet<string>): Fetch {
  return async (url, init) => {
    const answer = await fetch(url, init)
    if (!url.includes('_bulk_get')) return answer
    const { results } = (await answer.json()) as { results: { id: string; docs: object[] }[] }
    const told = results.map((result) => (lost.has(result.id) ? { ...result, docs: [] } : result))
    return new Response(JSON.stringify({ results: told }), { headers: { 'Content-Type': 'application/json' } })
  }
}

describe.skipIf(missing !== null)('a proof against the real server', () => {
  const lost = new Set<string>()
  let net: Browser
  let wire: Wire
  let store: AreaStore
  let uuid: string

  beforeAll(async () => {
    net = await signedIn('lihua')
    wire = makeWire({ fetch: forgetful(net.fetch, lost), base: district.base, closed: new AbortController().signal, onUnauthorized: () => undefined })
    uuid = (await wire.send<{ uuid: string }>('/sync/')).uuid
    store = await AreaStore.open('area', 'd-010302', 'proof')
    await compare([store], REMOTE, wire, about())
  }, 30_000)
  afterAll(() => store.close())

  const about = () => ({ uuid, account: 'lihua', now: 0 })
  const taken = () => pull(store.db, REMOTE, wire, uuid)
  const proved = () => prove(store, REMOTE, wire, about())

  async function sent(...docs: readonly Sent[]): Promise<void> {
    for (let from = 0; from < docs.length; from += 1_000) {
      const body = { docs: docs.slice(from, from + 1_000), new_edits: false }
      expect(await wire.send(`${REMOTE}/_bulk_docs`, { method: 'POST', body, timeout: 60_000 })).toEqual([])
    }
  }

  it(`finds one missing document among ${MANY.toString()}, and fetches it alone`, async () => {
    const documents = Array.from({ length: MANY }, (_, n) => first(door(`h${n.toString()}`), n))
    await sent(...documents)
    const id = documents[7_654]?._id ?? ''
    lost.add(id)
    await taken()
    lost.clear()
    net.log.length = 0
    expect(await proved()).toEqual({ ...EQUAL, checked: MANY, unsent: 0, fetched: [id] })
    expect(net.log.map((line) => line.split('/').at(-1)?.split('?')[0])).toEqual(['_digest', '_digest', '_digest', '_bulk_get'])
    expect((await store.current([id])).get(id)?._rev).toBe(documents[7_654]?._rev)
    net.log.length = 0
    expect(await proved()).toEqual({ ...EQUAL, checked: MANY, unsent: 0 })
    expect(net.log).toHaveLength(1)
  }, 60_000)

  it('finds one revision that differs', async () => {
    const id = 'household:d-010302:h42'
    const next = edited((await store.current([id])).get(id) as Sent, { name: '改过的' }, 7)
    await sent(next)
    lost.add(id)
    await taken()
    lost.clear()
    expect(await proved()).toEqual({ ...EQUAL, checked: MANY, unsent: 0, fetched: [id] })
    expect((await store.current([id])).get(id)).toMatchObject({ _rev: next._rev, name: '改过的' })
  }, 30_000)

  it('leaves out what others wrote since the last pull, and what was not sent yet', async () => {
    await sent(first(door('later'), 1), edited((await here('h43')) as Sent, { name: '新的' }, 8))
    await store.write([{ id: 'household:d-010302:h44', next: (doc) => doc && { ...doc, name: '还没传' } as AnyDocument }], 0)
    await store.write([{ id: `visit:${ULID('1')}`, next: () => visit(ULID('1'), 'h44') }], 0)
    expect(await proved()).toEqual({ ...EQUAL, checked: MANY - 2, unsent: 2 })
    await taken()
    expect(await proved()).toEqual({ ...EQUAL, checked: MANY, unsent: 2 })
  }, 30_000)

  it('holds an edit that was given up for what the server has', async () => {
    const marker = await store.marker('household:d-010302:h44')
    if (marker) await store.revert(marker)
    expect(await proved()).toEqual({ ...EQUAL, checked: MANY + 1, unsent: 1 })
  }, 30_000)

  it('brings back what a tombstone of this phone alone lies on', async () => {
    await store.write([{ id: 'household:d-010302:h45', send: false, next: (doc) => doc && ({ _id: doc._id, _deleted: true } as unknown as Stored) }], 0)
    expect(await here('h45')).toBeUndefined()
    expect(await proved()).toEqual({ ...EQUAL, checked: MANY + 1, unsent: 1, fetched: ['household:d-010302:h45'] })
    expect(await here('h45')).toMatchObject({ door: 'h45' })
    expect(await proved()).toEqual({ ...EQUAL, checked: MANY + 1, unsent: 1 })
  }, 30_000)

  it('sends own records again that the server does not have, and leaves others’', async () => {
    const own = first(visit(ULID('2'), 'h45'), 1)
    await store.db.bulkDocs([own, first(visit(ULID('3'), 'h45', { by: 'zhao' }), 1)], { new_edits: false })
    expect(await proved()).toEqual({ ...EQUAL, checked: MANY + 1, unsent: 1, again: 1, extra: 1 })
    expect((await store.markers()).map((marker) => marker.doc)).toContain(own._id)
    expect(await proved()).toMatchObject({ unsent: 2, again: 0, extra: 1 })
  }, 30_000)

  it('notices a server that was set back, and reads its feed anew', async () => {
    const checkpoint = await store.db.get<{ since: string }>('_local/pull')
    await store.db.put({ ...checkpoint, since: '999999' })
    expect(await proved()).toMatchObject({ rewound: true, fetched: [] })
    await taken()
    expect(await store.db.get('_local/pull')).toMatchObject({ uuid, since: checkpoint.since })
  }, 60_000)

  async function here(name: string): Promise<Stored | undefined> {
    const id = `household:d-010302:${name}`
    return (await store.current([id])).get(id)
  }
})

describe.skipIf(missing !== null)('the engine proves what it holds', () => {
  const DAY_MS = 86_400_000
  const OTHER = 'd-010303'
  let engine: Awaited<ReturnType<typeof createTestEngine>> | null = null

  afterEach(async () => {
    await engine?.close()
    engine = null
  })

  it('after the first round, once a day, and when asked; and says what it found', async () => {
    const lost = new Set([`household:${OTHER}:502`])
    let ahead = 0
    const net = browser()
    engine = await createTestEngine({ base: district.base, fetch: forgetful(net.fetch, lost), phase: 'signed-out', now: () => Date.now() + ahead })
    await district.command(`revoke lihua visitor d-010302`)
    for (const name of ['lihua', 'zhao']) await district.command(`grant ${name} visitor ${OTHER}`)
    const other = await signedIn('zhao')
    const docs = ['501', '502'].map((each) => first({ ...door(each, 'zhao'), _id: `household:${OTHER}:${each}`, area: OTHER }))
    const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ docs, new_edits: false }) }
    await other.fetch(`${district.base}/sync/area-${OTHER}/_bulk_docs`, init)
    expect(engine.proof.state).toEqual({ phase: 'idle', last: null })
    await engine.session.signIn('lihua', PASSWORD)
    await engine.sync.syncNow()
    expect(engine.proof.state.last).toMatchObject({ checked: 2, fetched: 0, unmended: 1 })
    expect(engine.library.household(`household:${OTHER}:502`)).toBeNull()

    lost.clear()
    await engine.sync.syncNow()
    expect(engine.library.household(`household:${OTHER}:502`)).toBeNull()
    ahead = DAY_MS + 1
    await engine.sync.syncNow()
    expect(engine.proof.state.last).toMatchObject({ checked: 2, fetched: 1, unmended: 0 })
    await vi.waitFor(() => {
      expect(engine?.library.household(`household:${OTHER}:502`)?.doc.door).toBe('502')
    })
    expect(await engine.proof.check()).toMatchObject({ phase: 'idle', last: { checked: 2, fetched: 0, unmended: 0 } })

    net.between = (path) => (path.endsWith('_digest') ? new TypeError('Failed to fetch') : null)
    expect(await engine.proof.check()).toMatchObject({ phase: 'failed', last: { checked: 2 } })
    expect(engine.sync.state).toMatchObject({ phase: 'idle', detail: null })
    engine.surroundings.set({ online: false })
    expect(await engine.proof.check()).toMatchObject({ phase: 'failed' })
  }, 20_000)
})
