import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { UnsentError, type SyncSnapshot } from '../../src/engine'
import { createTestEngine, type TestEngine, type TestOptions } from '../../src/engine/testing'
import { household, ULID } from './documents'
import { browser, missing, PASSWORD, startDistrict, type Browser, type District } from './server/district'

if (missing) console.warn(`Skipped: the engine against the real server (${missing})`)

const DOOR = 'd-010302'
const PHOTO = { id: `photo:${ULID('7')}`, data: new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]), width: 4, height: 3 }

let district: District
const open: TestEngine[] = []

async function phone(net: Browser, options: TestOptions = {}): Promise<TestEngine> {
  const base = { base: district.base, fetch: net.fetch, phase: 'signed-out' as const, pace: { retryMin: 20, hold: 50 } }
  const engine = await createTestEngine({ ...base, ...options })
  open.push(engine)
  return engine
}

/** A phone that signed in and holds the doors of `doors`; the documents are the server's. */
async function visitor(net: Browser, name = 'lihua', options: TestOptions = {}): Promise<TestEngine> {
  const engine = await phone(net, options)
  await engine.session.signIn(name, PASSWORD)
  await engine.sync.syncNow()
  return engine
}

async function becomes(engine: TestEngine, wanted: Partial<SyncSnapshot>): Promise<void> {
  await vi.waitFor(() => {
    expect(engine.sync.state).toMatchObject(wanted)
  }, 4_000)
}

async function makeDoor(engine: TestEngine, door: string): Promise<string> {
  const made = await engine.records.saveHousehold({ area: DOOR, building: '3', unit: '2', floor: 5, door, name: '张三' })
  return made.id
}

describe.skipIf(missing !== null)('the engine against the real server', () => {
  beforeAll(async () => {
    district = await startDistrict()
  }, 30_000)
  afterAll(() => district.stop())
  afterEach(async () => {
    for (const engine of open.splice(0)) await engine.close()
  })

  it('signs in, learns its areas, and sends a visit with its household, follow-up and photo', async () => {
    const net = browser()
    const engine = await visitor(net)
    expect(engine.session.state).toMatchObject({ phase: 'signed-in', account: { name: 'lihua', display_name: '李华' } })
    expect(engine.library.areas().map((area) => area.id)).toEqual([DOOR])
    const id = await makeDoor(engine, '501')
    await engine.records.saveVisit({ household: id, outcome: 'met', photos: [PHOTO], followup: { due: '2026-12-01', why: '送药' } })
    expect(engine.sync.state.waiting).toBe(4)
    await becomes(engine, { waiting: 0, refused: 0, phase: 'idle' })
    expect(engine.outbox.items().map(({ type, state, title }) => `${type} ${state} ${title}`).sort()).toEqual([
      'followup done 3号楼2门501',
      'household done 3号楼2门501',
      'photo done 3号楼2门501',
      'visit done 3号楼2门501',
    ])
    const pushes = net.log.filter((line) => line.includes('_bulk_docs'))
    expect(pushes.length).toBeLessThanOrEqual(3)
  })

  it('asks two requests where nothing is new', async () => {
    const net = browser()
    const engine = await visitor(net)
    await becomes(engine, { phase: 'idle' })
    engine.surroundings.set({ visible: false })
    await engine.sync.syncNow()
    net.log.length = 0
    await engine.sync.syncNow()
    expect(net.log).toEqual(['GET /sync/', expect.stringContaining(`GET /sync/area-${DOOR}/_changes`)])
  })

  it('shows a second phone what the first one wrote, and a returned visit to its author', async () => {
    const [first, second] = [browser(), browser()]
    const writer = await visitor(first)
    const id = await makeDoor(writer, '502')
    const saved = await writer.records.saveVisit({ household: id, outcome: 'met', note: '腿脚不便' })
    await becomes(writer, { waiting: 0 })
    await writer.close()
    open.length = 0

    const desk = await phone(second)
    await desk.session.signIn('wang', PASSWORD)
    expect(desk.session.supervises).toBe(true)
    expect(desk.library.households()).toEqual([])
    const listed = await desk.api.visits.list({ state: 'pending' })
    const row = listed.items.find((each) => each.id === saved.id)
    expect(row).toMatchObject({ note: '腿脚不便', by: { display_name: '李华' }, state: 'pending' })
    const detail = await desk.api.visits.get(saved.id)
    expect(detail.household).toMatchObject({ name: '张三', address: '3号楼2门502' })
    await desk.api.visits.return(saved.id, detail.rev, '请补充需求')
    await desk.close()
    open.length = 0

    const again = await visitor(first)
    expect(again.library.reviewsReturned()).toMatchObject([{ id: saved.id, review: { note: '请补充需求' } }])
    await again.records.mendVisit(saved.id, { needs: ['送药'] })
    await becomes(again, { waiting: 0 })
    expect(again.library.visit(saved.id)?.state).toBe('pending')
  })

  it('hears of news while it is open, through the long poll', async () => {
    const engine = await visitor(browser())
    const other = browser()
    const login = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ name: 'zhao', password: PASSWORD }) }
    await other.fetch(`${district.base}/api/session`, login)
    await becomes(engine, { phase: 'idle' })
    const docs = [{ ...household('601', { by: 'zhao', name: '老周' }), _rev: `1-${'a'.repeat(32)}` }]
    const body = JSON.stringify({ docs, new_edits: false })
    await other.fetch(`${district.base}/sync/area-${DOOR}/_bulk_docs`, { ...login, body })
    await vi.waitFor(() => {
      expect(engine.library.household(`household:${DOOR}:601`)?.doc.name).toBe('老周')
    }, 9_000)
    expect(engine.search('老周')).toHaveLength(1)
  })

  it('keeps what was refused with its reason, and sends it again when mended', async () => {
    const engine = await visitor(browser())
    const id = await makeDoor(engine, '503')
    const saved = await engine.records.saveVisit({ household: id, outcome: 'met', needs: ['二十个字以上的需求是写不下的所以服务器会拒绝它'] })
    await becomes(engine, { waiting: 0, refused: 1 })
    const [item] = engine.outbox.items()
    expect(item).toMatchObject({ docId: saved.id, state: 'refused', title: '3号楼2门503' })
    expect(item?.reason).toContain('需求')
    expect(engine.library.visit(saved.id)?.state).toBe('refused')
    await engine.records.mendVisit(saved.id, { needs: ['送药'] })
    await becomes(engine, { waiting: 0, refused: 0 })
    expect(engine.library.visit(saved.id)?.state).toBe('pending')
  })

  it('gives a refused edit up: what the server has is shown again, and later edits come through', async () => {
    const engine = await visitor(browser())
    const id = await makeDoor(engine, '504')
    await becomes(engine, { waiting: 0 })
    await engine.records.saveHousehold({ area: DOOR, door: '504', phone: '晚上打' })
    await becomes(engine, { refused: 1 })
    await engine.outbox.discard(id)
    expect(engine.library.household(id)?.doc.phone ?? '').toBe('')
    expect(engine.outbox.items().filter((item) => item.state === 'refused')).toEqual([])
    await engine.records.saveHousehold({ area: DOOR, door: '504', phone: '13800000000' })
    await becomes(engine, { waiting: 0, refused: 0 })
    expect(engine.library.household(id)?.doc.phone).toBe('13800000000')
  })

  it('finds what was refused again on a new phone', async () => {
    const engine = await visitor(browser())
    const id = await makeDoor(engine, '505')
    const saved = await engine.records.saveVisit({ household: id, outcome: 'met', needs: ['x'.repeat(30)] })
    await becomes(engine, { waiting: 0, refused: 1 })
    await engine.close()
    open.length = 0
    const fresh = await visitor(browser())
    await becomes(fresh, { refused: 1 })
    expect(fresh.library.visit(saved.id)).toMatchObject({ state: 'refused', doc: { outcome: 'met' } })
    await fresh.records.mendVisit(saved.id, { needs: [] })
    await becomes(fresh, { waiting: 0, refused: 0 })
  })

  it('goes on when the log-in expires, and resumes with the password', async () => {
    const engine = await visitor(browser())
    const id = await makeDoor(engine, '506')
    await becomes(engine, { waiting: 0 })
    await district.command('expire lihua')
    await engine.records.saveVisit({ household: id, outcome: 'no_answer' })
    await becomes(engine, { phase: 'expired', waiting: 1 })
    await engine.records.saveVisit({ household: id, outcome: 'met' })
    expect(engine.sync.state.waiting).toBe(2)
    await engine.session.signIn('lihua', PASSWORD)
    await becomes(engine, { phase: 'idle', waiting: 0 })
  })

  it('keeps one account out of the other: nothing seen, nothing lost, nothing sent under a wrong name', async () => {
    const net = browser()
    const engine = await visitor(net)
    const id = await makeDoor(engine, '507')
    await becomes(engine, { waiting: 0 })
    net.between = () => new TypeError('Failed to fetch')
    const saved = await engine.records.saveVisit({ household: id, outcome: 'met' })
    await district.command('expire lihua')
    net.between = null
    await engine.sync.syncNow()
    await becomes(engine, { phase: 'expired' })
    await engine.session.signIn('zhao', PASSWORD)
    await engine.sync.syncNow()
    expect(engine.sync.state).toMatchObject({ waiting: 0, refused: 0 })
    expect(engine.library.visit(saved.id)).toBeNull()
    await engine.session.signIn('lihua', PASSWORD)
    expect(engine.library.visit(saved.id)?.state).toBe('waiting')
    await becomes(engine, { waiting: 0, refused: 0 })
  })

  it('rescues what was unsent when an area is taken away', async () => {
    const net = browser()
    const engine = await visitor(net, 'zhao')
    const id = await makeDoor(engine, '508')
    await becomes(engine, { waiting: 0 })
    net.between = () => new TypeError('Failed to fetch')
    const saved = await engine.records.saveVisit({ household: id, outcome: 'met', note: '还没上传', photos: [PHOTO] })
    await district.command(`revoke zhao visitor ${DOOR}`)
    net.between = null
    await vi.waitFor(async () => {
      await engine.sync.syncNow()
      expect(engine.outbox.items().filter((item) => item.state === 'rescued')).toHaveLength(2)
    }, 9_000)
    expect(engine.library.households()).toEqual([])
    expect(engine.outbox.items()).toContainEqual(expect.objectContaining({ docId: saved.id, title: '3号楼2门508', state: 'rescued' }))
    const databases = (await indexedDB.databases()).map((each) => each.name)
    expect(databases.filter((name) => name?.includes('area-'))).toEqual([])
    await district.command(`grant zhao visitor ${DOOR}`)
  })

  it('knows whose door a rescued record was of, also when it was closed in between', async () => {
    const net = browser()
    const engine = await visitor(net, 'zhao')
    const id = await makeDoor(engine, '512')
    await becomes(engine, { waiting: 0 })
    net.between = () => new TypeError('Failed to fetch')
    const saved = await engine.records.saveVisit({ household: id, outcome: 'met' })
    await district.command('expire zhao')
    await engine.close()
    await district.command(`revoke zhao visitor ${DOOR}`)
    open.length = 0
    const again = await visitor(browser(), 'zhao', { keep: true })
    expect(again.outbox.items()).toContainEqual(expect.objectContaining({ docId: saved.id, title: '3号楼2门512', state: 'rescued' }))
    await district.command(`grant zhao visitor ${DOOR}`)
  })

  it('signs out cleanly, warns before it loses something, and needs no network for it', async () => {
    const net = browser()
    const engine = await visitor(net)
    const id = await makeDoor(engine, '509')
    await expect(engine.session.signOut()).rejects.toThrow(UnsentError)
    expect(engine.library.household(id)).not.toBeNull()
    net.between = () => new TypeError('Failed to fetch')
    await engine.session.signOut({ discardUnsent: true })
    expect(engine.session.state.phase).toBe('signed-out')
    expect((await indexedDB.databases()).map((each) => each.name)).toEqual(['baijiamen'])
    await engine.close()
    open.length = 0
    net.between = null
    const next = await phone(net, { keep: true })
    expect(next.session.state.phase).toBe('signed-out')
    await vi.waitFor(() => {
      expect(net.log.at(-1)).toBe('DELETE /api/session')
    })
  })

  it('follows another tab that signs in as somebody else, or out', async () => {
    const net = browser()
    const engine = await visitor(net)
    const tab = await phone(net, { keep: true })
    await tab.session.signIn('zhao', PASSWORD)
    await vi.waitFor(() => {
      expect(engine.session.state.account?.name).toBe('zhao')
    })
    await engine.session.signOut({ discardUnsent: true })
    await vi.waitFor(() => {
      expect(tab.session.state.phase).toBe('signed-out')
    })
  })

  it('sends again what a server restored from a backup has lost, photos and deletions too', async () => {
    const net = browser()
    const engine = await visitor(net)
    const before = await makeDoor(engine, '511')
    const undone = await engine.records.saveVisit({ household: before, outcome: 'no_answer' })
    await becomes(engine, { waiting: 0, refused: 0 })
    await district.command('backup')

    const id = await makeDoor(engine, '512')
    const photo = { ...PHOTO, id: `photo:${ULID('8')}` }
    const saved = await engine.records.saveVisit({ household: id, outcome: 'met', note: '备份之后', photos: [photo] })
    await engine.records.saveHousehold({ area: DOOR, door: '511', name: '改过的' })
    await engine.records.deleteVisit(undone.id)
    await becomes(engine, { waiting: 0, refused: 0, phase: 'idle' })
    await district.command('restore')

    await vi.waitFor(async () => {
      await engine.sync.syncNow()
      expect(engine.sync.state).toMatchObject({ phase: 'idle', waiting: 0, refused: 0, detail: null })
    }, 9_000)
    const desk = browser()
    const log = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ name: 'wang', password: PASSWORD }) }
    await desk.fetch(`${district.base}/api/session`, log)
    const asked = async (path: string) => (await desk.fetch(district.base + path)).json() as Promise<Record<string, unknown>>
    expect(await asked(`/api/visits/${saved.id}`)).toMatchObject({ note: '备份之后', household: { name: '张三' } })
    expect((await desk.fetch(`${district.base}/api/photos/${photo.id}`)).status).toBe(200)
    expect((await desk.fetch(`${district.base}/api/visits/${undone.id}`)).status).toBe(404)
    net.log.length = 0
    await engine.sync.syncNow()
    expect(net.log.filter((line) => line.includes('_revs_diff'))).toEqual([])
    await engine.close()
    open.length = 0
    const other = await visitor(browser(), 'zhao')
    expect(other.library.household(before)?.doc.name).toBe('改过的')
    expect(other.library.visit(saved.id)?.doc.by).toBe('lihua')
  }, 20_000)

  it('is not fooled by what answers in the place of the server', async () => {
    const net = browser()
    const engine = await visitor(net)
    await makeDoor(engine, '510')
    const portal = () => new Response('<html>登录无线网络</html>', { headers: { 'Content-Type': 'text/html' } })
    net.between = portal
    await engine.sync.syncNow()
    expect(engine.sync.state).toMatchObject({ phase: 'offline', detail: 'portal', waiting: 1 })
    net.between = () => new Response('<html>403</html>', { status: 403, headers: { 'Content-Type': 'text/html' } })
    await engine.sync.syncNow()
    expect(engine.sync.state).toMatchObject({ detail: 'portal', waiting: 1 })
    expect(engine.session.state.phase).toBe('signed-in')
    net.between = () => new Response('<html>502</html>', { status: 502, headers: { 'Content-Type': 'text/html' } })
    await engine.sync.syncNow()
    expect(engine.sync.state).toMatchObject({ phase: 'error', detail: 'server' })
    net.between = null
    await becomes(engine, { phase: 'idle', waiting: 0, detail: null })
  })
})
