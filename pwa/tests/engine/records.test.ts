import { afterEach, describe, expect, it, vi } from 'vitest'
import { FrozenError, MissingError } from '../../src/engine'
import { createTestEngine, type TestEngine, type TestOptions } from '../../src/engine/testing'
import { followup, household, review, ULID, visit } from './documents'

let engine: TestEngine

async function start(options: TestOptions = {}): Promise<TestEngine> {
  engine = await createTestEngine({ documents: [household('501', { name: '张三', pinyin: 'zhangsan zs' }), household('502')], ...options })
  return engine
}

/** What a kill leaves: nothing is told, the same databases are opened anew. */
async function restart(): Promise<TestEngine> {
  await engine.close()
  engine = await createTestEngine({ keep: true })
  return engine
}

afterEach(() => engine.close())

const HOUSEHOLD = 'household:d-010302:501'

describe('a visit', () => {
  it('is kept with its follow-up and photo, and all of them wait, also after a restart', async () => {
    await start()
    const photo = { id: `photo:${ULID('7')}`, data: new Uint8Array([0xff, 0xd8, 0xff]), width: 4, height: 3 }
    const saved = await engine.records.saveVisit({
      household: HOUSEHOLD,
      outcome: 'met',
      needs: ['送药'],
      note: ' 下周再来 ',
      photos: [photo],
      followup: { due: '2026-11-29', why: '送药' },
    })
    expect(saved).toMatchObject({ state: 'waiting', mine: true, doc: { note: '下周再来', by: 'lihua', v: 1 } })
    expect(saved.doc._id).toMatch(/^visit:[0-9A-HJKMNP-TV-Z]{26}$/)
    expect(saved.doc.at).toMatch(/\+08:00$/)
    expect(engine.sync.state).toMatchObject({ waiting: 3, refused: 0 })

    await restart()
    expect(engine.sync.state.waiting).toBe(3)
    const entry = engine.library.household(HOUSEHOLD)
    expect(entry?.lastVisit?.id).toBe(saved.id)
    expect(entry?.followups[0]?.doc).toMatchObject({ due: '2026-11-29', visit: saved.id, to: 'lihua' })
    const [kept] = engine.library.photosOf(saved.id)
    expect(kept).toMatchObject({ id: photo.id, waiting: true })
    expect(await kept?.url()).toMatch(/^blob:/)
  })

  it('taken back at once leaves nothing to send, and opens again what it had fulfilled', async () => {
    await start({ documents: [household('501'), followup(ULID('1'), '501')] })
    const promised = `followup:${ULID('1')}`
    const saved = await engine.records.saveVisit({
      household: HOUSEHOLD,
      outcome: 'no_answer',
      followup: { due: '2026-11-30' },
      completes: [promised],
    })
    expect(engine.library.followup(promised)?.doc.state).toBe('done')
    expect(await engine.records.undoVisit(saved.id)).toBe(true)
    expect(engine.library.visit(saved.id)).toBeNull()
    expect(engine.library.household(HOUSEHOLD)?.followups.map((entry) => entry.id)).toEqual([promised])
    await restart()
    expect(engine.outbox.items().map((item) => item.docId)).toEqual([promised])
  })

  it('taken back later is deleted on the server too', async () => {
    let now = Date.parse('2026-11-22T09:00:00Z')
    await start({ now: () => now })
    const saved = await engine.records.saveVisit({ household: HOUSEHOLD, outcome: 'no_answer' })
    now += 60_000
    expect(await engine.records.undoVisit(saved.id)).toBe(false)
    expect(engine.library.visit(saved.id)).toBeNull()
    expect(engine.sync.state.waiting).toBe(1)
  })

  it('needs a household of this phone', async () => {
    await start()
    await expect(engine.records.saveVisit({ household: 'household:d-010302:999', outcome: 'met' })).rejects.toThrow(MissingError)
  })

  it('clears the draft of its household', async () => {
    await start()
    await engine.drafts.set(HOUSEHOLD, { note: '写到一半' })
    await engine.records.saveVisit({ household: HOUSEHOLD, outcome: 'met' })
    expect(engine.drafts.get(HOUSEHOLD)).toBeNull()
  })
})

describe('a returned visit', () => {
  async function withReview(state: 'returned' | 'approved', rev?: string): Promise<string> {
    await start({ documents: [household('501'), visit(ULID('1'), '501')] })
    const id = `visit:${ULID('1')}`
    const current = engine.library.visit(id)?.doc._rev ?? ''
    await engine.arrive([review(ULID('1'), rev ?? current, { state })])
    return id
  }

  it('is listed with its note, and pending again once it is mended', async () => {
    const id = await withReview('returned')
    expect(engine.library.reviewsReturned()).toMatchObject([{ id, state: 'returned', review: { note: '请补充需求' } }])
    await engine.records.mendVisit(id, { needs: ['送药'], followup: { due: '2026-12-01' } })
    expect(engine.library.reviewsReturned()).toEqual([])
    expect(engine.library.visit(id)).toMatchObject({ state: 'waiting', doc: { needs: ['送药'], outcome: 'met' } })
    expect(engine.library.followupsOpen()).toHaveLength(1)
  })

  it('is pending when the review speaks of an earlier revision', async () => {
    const id = await withReview('returned', '1-0123456789abcdef0123456789abcdef')
    expect(engine.library.visit(id)?.state).toBe('pending')
  })

  it('cannot be changed once approved', async () => {
    const id = await withReview('approved')
    expect(engine.library.visit(id)).toMatchObject({ state: 'approved', mine: false })
    await expect(engine.records.mendVisit(id, { note: '改' })).rejects.toThrow(FrozenError)
  })
})

describe('a clock that was fast and is put back', () => {
  const right = Date.parse('2026-11-22T09:00:00Z')
  const fast = right + 3 * 86_400_000

  it('leaves no mended record, nor its promise and photo, in the future', async () => {
    let now = fast
    await start({ now: () => now })
    const photo = { id: `photo:${ULID('7')}`, data: new Uint8Array([0xff, 0xd8, 0xff]), width: 4, height: 3 }
    const saved = await engine.records.saveVisit({ household: HOUSEHOLD, outcome: 'met', photos: [photo], followup: { due: '2026-11-29' } })
    now = right
    expect(await engine.records.mendVisit(saved.id, { note: '补一句' })).toMatchObject({ doc: { at: '2026-11-22T17:00:00.000+08:00' } })
    await vi.waitFor(() => {
      expect(engine.library.followup(saved.doc.followup ?? '')?.doc.at).toBe('2026-11-22T17:00:00.000+08:00')
      expect(engine.library.photosOf(saved.id)[0]?.doc?.at).toBe('2026-11-22T17:00:00.000+08:00')
    })
    expect(await engine.library.photosOf(saved.id)[0]?.url()).toMatch(/^blob:/)
  })

  it('leaves the date of what the server has alone', async () => {
    const at = '2026-11-22T17:30:00.000+08:00'
    await start({ now: () => right, documents: [household('501'), { ...visit(ULID('1'), '501'), at }] })
    expect(await engine.records.mendVisit(`visit:${ULID('1')}`, { note: '补一句' })).toMatchObject({ doc: { at } })
  })
})

describe('a household', () => {
  it('is made under its normalised door and keeps fields it does not know', async () => {
    await start()
    const made = await engine.records.saveHousehold({ area: 'd-010302', building: '3', unit: '2', door: ' ５０３室 ', name: '李四' })
    expect(made).toMatchObject({ id: 'household:d-010302:503', doc: { address: '3号楼2门503', source: 'visit', by: 'lihua' } })
    await engine.arrive([{ ...household('504'), later: 'a field of a newer phone' } as never])
    const edited = await engine.records.saveHousehold({ area: 'd-010302', door: '504', phone: '13800000000' })
    expect(edited.doc).toMatchObject({ by: 'import', phone: '13800000000', later: 'a field of a newer phone', source: 'register' })
  })
})

describe('follow-ups', () => {
  it('are listed nearest first with the days left, and end', async () => {
    const now = () => Date.parse('2026-11-22T20:00:00Z') // the 23rd in Shanghai
    await start({ now, documents: [household('501'), followup(ULID('1'), '501'), followup(ULID('2'), '501', { due: '2026-11-20' })] })
    expect(engine.library.followupsOpen().map((entry) => entry.days)).toEqual([-3, 2])
    const done = await engine.records.completeFollowup(`followup:${ULID('2')}`)
    expect(done.doc).toMatchObject({ state: 'done', done_at: '2026-11-23T04:00:00.000+08:00' })
    await engine.records.moveFollowup(`followup:${ULID('1')}`, '2026-12-01')
    expect(engine.library.followupsOpen().map((entry) => entry.doc.due)).toEqual(['2026-12-01'])
  })
})

describe('two tabs', () => {
  it('that write in turn lose neither a document nor a marker', async () => {
    await start()
    const other = await createTestEngine({ keep: true })
    const jobs = [1, 2, 3, 4, 5, 6].map((turn) => {
      const tab = turn % 2 ? engine : other
      return tab.records.saveHousehold({ area: 'd-010302', door: '502', [turn % 2 ? 'note' : 'phone']: `${turn.toString()}` })
    })
    await Promise.all(jobs)
    await other.close()
    await restart()
    const doc = engine.library.household('household:d-010302:502')?.doc
    expect(doc).toMatchObject({ note: '5', phone: '6' })
    expect(doc?._rev).toMatch(/^7-/)
    expect(engine.sync.state.waiting).toBe(1)
  })
})
