import { afterEach, describe, expect, it, vi } from 'vitest'
import { NetworkError } from '../../src/engine'
import { createTestEngine, TEST_ACCOUNT, TEST_AREAS, TEST_GRANT, type TestEngine } from '../../src/engine/testing'
import { wire, type Fetch } from '../../src/engine/wire'
import { household, review, visit, ULID } from './documents'

let engine: TestEngine | null = null

afterEach(async () => {
  await engine?.close()
  engine = null
})

type Answer = (body: unknown, url: string) => Response | Promise<Response>

const json = (value: unknown, init?: ResponseInit) =>
  new Response(JSON.stringify(value), { headers: { 'Content-Type': 'application/json' }, ...init })

/** What the network answers, by the end of the path; a long poll hangs until it is given up. */
function network(answers: Record<string, Answer>): { fetch: Fetch; log: string[]; bodies: unknown[] } {
  const log: string[] = []
  const bodies: unknown[] = []
  const usual: Record<string, Answer> = {
    '/api/session': () => json({ account: TEST_ACCOUNT, grants: [TEST_GRANT] }),
    '/api/areas': () => json({ areas: TEST_AREAS }),
    '/api/refusals': () => json({ items: [] }),
    '/sync/': () => json({ uuid: 'u' }),
    _changes: () => json({ results: [], last_seq: '0' }),
    _revs_diff: (body) => json(Object.fromEntries(Object.entries(body as Record<string, string[]>).map(([id, revs]) => [id, { missing: revs }]))),
    _bulk_docs: () => json([]),
    ...answers,
  }
  const fetch: Fetch = (url, init) => {
    if (url.includes('feed=longpoll')) return hanging(init)
    const path = url.split('?')[0] ?? ''
    const body: unknown = init?.body ? JSON.parse(init.body as string) : undefined
    log.push(path)
    if (path.endsWith('_bulk_docs')) bodies.push(body)
    const found = Object.keys(usual).find((each) => path.endsWith(each))
    return Promise.resolve(usual[found ?? '']?.(body, url) ?? json({}, { status: 404 }))
  }
  return { fetch, log, bodies }
}

function hanging(init?: RequestInit): Promise<Response> {
  return new Promise((_, reject) => {
    init?.signal?.addEventListener('abort', () => {
      reject(new DOMException('aborted', 'AbortError'))
    })
  })
}

const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const HOUSEHOLD = 'household:d-010302:501'
const UNSENT = [{ document: visit(ULID('1'), '501') }]

describe('sync', () => {
  it('does not send a visit while it can be taken back, and never what was taken back', async () => {
    const net = network({})
    engine = await createTestEngine({ documents: [household('501')], fetch: net.fetch, pace: { hold: 300 } })
    const undone = await engine.records.saveVisit({ household: HOUSEHOLD, outcome: 'no_answer' })
    await engine.sync.syncNow()
    expect(net.bodies).toEqual([])
    await engine.records.undoVisit(undone.id)
    const kept = await engine.records.saveVisit({ household: HOUSEHOLD, outcome: 'met' })
    await vi.waitFor(() => {
      expect(engine?.sync.state.waiting).toBe(0)
    }, 4_000)
    const sent = net.bodies.flatMap((body) => (body as { docs: { _id: string }[] }).docs.map((doc) => doc._id))
    expect(sent).toEqual([kept.id])
  })

  it('does not keep a visit back for days that was saved under a fast clock', async () => {
    const net = network({})
    let ahead = 3 * 86_400_000
    engine = await createTestEngine({ documents: [household('501')], fetch: net.fetch, now: () => Date.now() + ahead, online: false })
    await engine.records.saveVisit({ household: HOUSEHOLD, outcome: 'no_answer' })
    ahead = 0
    engine.surroundings.set({ online: true })
    expect((await engine.sync.syncNow()).waiting).toBe(0)
    expect(net.bodies).toHaveLength(1)
  })

  it('sends what could be taken back until the middle of a round right after it', async () => {
    const net = network({ _changes: async () => (await after(200), json({ results: [], last_seq: '0' })) })
    engine = await createTestEngine({ documents: [household('501')], fetch: net.fetch, pace: { hold: 100 } })
    await engine.records.saveVisit({ household: HOUSEHOLD, outcome: 'no_answer' })
    await engine.sync.syncNow()
    await vi.waitFor(() => {
      expect(engine?.sync.state.waiting).toBe(0)
    })
  })

  it('tries again after failures, later each time, and ends well', async () => {
    let failures = 3
    const times: number[] = []
    const net = network({
      '/sync/': () => {
        times.push(performance.now())
        if (failures-- > 0) throw new TypeError('Failed to fetch')
        return json({ uuid: 'u' })
      },
    })
    engine = await createTestEngine({ unsent: UNSENT, documents: [household('501')], fetch: net.fetch, pace: { retryMin: 60 } })
    await vi.waitFor(() => {
      expect(engine?.sync.state).toMatchObject({ phase: 'idle', waiting: 0, detail: null })
    }, 4_000)
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0))
    expect(gaps).toHaveLength(3)
    expect(gaps[2]).toBeGreaterThan(gaps[0] ?? Infinity)
  })

  it('waits as long as a busy server says', async () => {
    const net = network({ _bulk_docs: () => json({ error: 'busy' }, { status: 503, headers: { 'Content-Type': 'application/json', 'Retry-After': '60' } }) })
    engine = await createTestEngine({ unsent: UNSENT, documents: [household('501')], fetch: net.fetch, pace: { retryMin: 1 } })
    await vi.waitFor(() => {
      expect(engine?.sync.state).toMatchObject({ phase: 'error', detail: 'busy', waiting: 1 })
    })
    const rounds = net.log.filter((path) => path.endsWith('_bulk_docs')).length
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(net.log.filter((path) => path.endsWith('_bulk_docs'))).toHaveLength(rounds)
  })

  it('marks as sent only what the server took in: an error that is no refusal sends all of it again', async () => {
    let trouble = true
    const net = network({
      _bulk_docs: () => json(trouble ? [{ id: `visit:${ULID('1')}`, error: 'internal_server_error', reason: 'disk' }] : []),
    })
    engine = await createTestEngine({ unsent: UNSENT, documents: [household('501')], fetch: net.fetch, pace: { retryMin: 10_000 } })
    await engine.sync.syncNow()
    expect(engine.sync.state).toMatchObject({ waiting: 1, refused: 0, phase: 'error' })
    trouble = false
    await engine.sync.syncNow()
    expect(engine.sync.state).toMatchObject({ waiting: 0, phase: 'idle' })
  })

  it('keeps a document waiting that was written again while it went up', async () => {
    const net = network({
      _bulk_docs: async () => {
        if (net.bodies.length === 1) await engine?.records.saveHousehold({ area: 'd-010302', door: '502', note: 'again' })
        return json([])
      },
    })
    engine = await createTestEngine({ unsent: [{ document: household('502', { by: 'lihua' }) }], fetch: net.fetch })
    await vi.waitFor(() => {
      expect(net.bodies).toHaveLength(2)
      expect(engine?.sync.state.waiting).toBe(0)
    }, 4_000)
    const [first, second] = net.bodies as { docs: { _rev: string; note?: string }[] }[]
    expect(first?.docs[0]?._rev).toMatch(/^1-/)
    expect(second?.docs[0]).toMatchObject({ note: 'again' })
  })

  it('reads the feed from its beginning when the server was restored from a backup', async () => {
    let uuid = 'before'
    const since: string[] = []
    const net = network({
      '/sync/': () => json({ uuid }),
      _changes: (_, url) => {
        const from = new URL(url, 'http://x').searchParams.get('since') ?? ''
        since.push(from)
        return json({ results: [], last_seq: '41' })
      },
    })
    engine = await createTestEngine({ fetch: net.fetch, online: true })
    await engine.sync.syncNow()
    await engine.sync.syncNow()
    uuid = 'after'
    await engine.sync.syncNow()
    expect(since[0]).toBe('0')
    expect(since.at(-1)).toBe('0')
    expect(since).toContain('41')
  })

  it('sends again only its own after a restore, and forgets reviews that were never spoken', async () => {
    let uuid = 'before'
    const net = network({ '/sync/': () => json({ uuid }) })
    const own = visit(ULID('1'), '501')
    engine = await createTestEngine({
      documents: [household('501', { by: 'lihua' }), household('502', { by: 'zhao' }), own, visit(ULID('2'), '502', { by: 'zhao' })],
      fetch: net.fetch,
    })
    await engine.sync.syncNow()
    const visit_rev = engine.library.visit(own._id)?.doc._rev ?? ''
    await engine.arrive([review(ULID('1'), visit_rev, { state: 'approved' })])
    expect(engine.library.visit(own._id)?.state).toBe('approved')
    expect(net.bodies).toEqual([])
    uuid = 'after'
    await engine.sync.syncNow()
    const sent = net.bodies.flatMap((body) => (body as { docs: { _id: string }[] }).docs.map((doc) => doc._id))
    expect(sent.sort()).toEqual([HOUSEHOLD, own._id].sort())
    await vi.waitFor(() => {
      expect(engine?.library.visit(own._id)?.state).toBe('pending')
    })
    expect(engine.sync.state).toMatchObject({ waiting: 0, refused: 0 })
  })

  it('asks the server again before it believes that an area was taken away', async () => {
    const forbidden = () => json({ error: 'forbidden', reason: 'no' }, { status: 403 })
    const net = network({ _revs_diff: forbidden, _changes: forbidden })
    engine = await createTestEngine({ unsent: UNSENT, documents: [household('501')], fetch: net.fetch })
    await engine.sync.syncNow()
    expect(engine.sync.state).toMatchObject({ detail: 'server', waiting: 1 })
    expect(engine.library.households()).toHaveLength(1)
  })

  it('leaves the server alone while nobody looks, and comes back when somebody does', async () => {
    const net = network({})
    engine = await createTestEngine({ fetch: net.fetch })
    await engine.sync.syncNow()
    engine.surroundings.set({ online: false })
    expect(engine.sync.state.phase).toBe('offline')
    const before = net.log.length
    await engine.sync.syncNow()
    expect(net.log).toHaveLength(before)
    engine.surroundings.set({ online: true })
    await vi.waitFor(() => {
      expect(net.log.length).toBeGreaterThan(before)
    })
  })
})

describe('a request', () => {
  const closed = new AbortController().signal

  it('ends in time when nothing answers, or when the answer never ends', async () => {
    const silent = wire({ fetch: (_, init) => hanging(init), base: '', closed, onUnauthorized: () => undefined })
    await expect(silent.send('/x', { timeout: 20 })).rejects.toEqual(new NetworkError('timeout'))
    const endless: Fetch = (_, init) => {
      const answer = json({})
      return Promise.resolve(Object.assign(answer, { text: () => hanging(init) }))
    }
    const dripping = wire({ fetch: endless, base: '', closed, onUnauthorized: () => undefined })
    await expect(dripping.send('/x', { timeout: 20 })).rejects.toMatchObject({ reason: 'timeout' })
  })

  it('gives the server’s own words, and when to come back', async () => {
    const problem = { title: 'Too Many Requests', detail: '登录太频繁，请稍后再试', status: 429 }
    const headers = { 'Content-Type': 'application/problem+json', 'Retry-After': '30' }
    const fetch: Fetch = () => Promise.resolve(new Response(JSON.stringify(problem), { status: 429, headers }))
    const limited = wire({ fetch, base: '', closed, onUnauthorized: () => undefined })
    await expect(limited.send('/api/session')).rejects.toMatchObject({ status: 429, detail: problem.detail, retryAfter: 30 })
  })
})
