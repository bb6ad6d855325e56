import { describe, expect, it, vi } from 'vitest'
import { emptyChoice, isPlain, toFilter } from '@/features/reviews/filter'
import type { FakeEngine } from './fake/engine'
import { makeRow } from './fake/reviews'
import { Screen } from './screen'

// The page is fetched when it is first opened.
const PATIENCE = { timeout: 10_000 }

async function openReviews(wide = false, prepare?: (engine: FakeEngine) => void): Promise<Screen> {
  vi.spyOn(window, 'matchMedia').mockImplementation((query) => Object.assign(new EventTarget(), { matches: wide && query.includes('900px'), media: query }) as MediaQueryList)
  const screen = await Screen.open('/reviews', { role: 'supervisor' }, prepare)
  await vi.waitFor(() => expect(screen.all('[data-testid=review-row]').length).toBeGreaterThan(0), PATIENCE)
  return screen
}

function key(name: string): void {
  window.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true }))
}

describe('reviewing', () => {
  it('speaks the filter in the words of the API', () => {
    expect(toFilter({ ...emptyChoice(), date: 'd7', outcome: 'met', q: ' 王 ' }, '2026-11-22')).toEqual({ state: 'pending', from: '2026-11-16', outcome: 'met', q: '王' })
  })

  it('knows which visits ask for no decision', () => {
    expect([isPlain(makeRow(2)), isPlain(makeRow(1)), isPlain(makeRow(2, { state: 'approved' }))]).toEqual([true, false, false])
  })

  it('shows a visit that arrives, without a reload', async () => {
    const screen = await openReviews()
    screen.engine.reviews.arrive(makeRow(99, { household: { id: 'h', address: '9号楼1门101', name: '钱多福' } }))
    await vi.waitFor(() => expect(screen.all('[data-testid=review-row]')[0]?.textContent).toContain('钱多福'), PATIENCE)
  })

  it('goes on past pages that are short or empty', async () => {
    const rows = [
      ...Array.from({ length: 9 }, (_, n) => makeRow(n + 1, { state: 'approved' })),
      ...Array.from({ length: 30 }, (_, n) => makeRow(n + 10)),
    ]
    const screen = await openReviews(false, (engine) => Object.assign(engine.reviews, { rows, span: 4 }))
    await vi.waitFor(() => expect(screen.has('button', '再看一些')).toBe(true), PATIENCE)
    await screen.settle()
    expect(screen.all('[data-testid=review-row]').length).toBeGreaterThanOrEqual(20)
    await screen.tap('button', '再看一些')
    await vi.waitFor(() => expect(screen.all('[data-testid=review-row]')).toHaveLength(30), PATIENCE)
    expect(screen.has('button', '再看一些')).toBe(false)
  })

  it('says that there is nothing only when there is no more to come', async () => {
    const pages: (() => void)[] = []
    const counts = { pending: 0, approved: 0, returned: 0 }
    const screen = await Screen.open('/reviews', { role: 'supervisor' }, ({ api }) => {
      api.visits.list = ({ cursor } = {}) => new Promise((done) => pages.push(() => done({ items: [], next: cursor ? null : '7', counts })))
    })
    await vi.waitFor(() => expect(pages).toHaveLength(1), PATIENCE)
    pages[0]!()
    await vi.waitFor(() => expect(pages).toHaveLength(2), PATIENCE)
    expect(screen.text).not.toContain('没有符合条件的走访')
    expect(screen.has('button', '再看一些')).toBe(false)
    pages[1]!()
    await vi.waitFor(() => expect(screen.text).toContain('没有符合条件的走访'), PATIENCE)
    expect(screen.has('button', '再看一些')).toBe(false)
  })

  it('approves, and keeps the row in its place', async () => {
    const screen = await openReviews()
    await screen.tap('link', '3号楼2门502 李国强')
    await screen.tap('button', '通过')
    expect(screen.all('[data-testid=review-state]')[0]?.textContent).toBe('已通过')
    expect(screen.engine.reviews.rows[0]?.state).toBe('approved')
    expect(screen.all('[data-testid=review-row]')).toHaveLength(12)
  })

  it('returns only with a sentence', async () => {
    const screen = await openReviews()
    await screen.tap('link', '3号楼2门502 李国强')
    await screen.tap('button', '退回')
    await screen.tap('button', '退回')
    expect(screen.text).toContain('请写一句话，告诉他怎么改')
    await screen.type('请写一句话', '请补药名')
    await screen.tap('button', '退回')
    expect(screen.engine.reviews.rows[0]?.review).toMatchObject({ state: 'returned', note: '请补药名' })
  })

  it('shows the newer version where somebody changed it meanwhile', async () => {
    const screen = await openReviews()
    await screen.tap('link', '3号楼2门502 李国强')
    const [first, ...others] = screen.engine.reviews.rows
    screen.engine.reviews.rows = [{ ...first!, rev: '2-b', note: '后来改的话' }, ...others]
    await screen.tap('button', '通过')
    expect(screen.text).toContain('刚才有人改了这条记录')
    expect(screen.all('[data-testid=review-detail]')[0]?.textContent).toContain('后来改的话')
    expect(screen.engine.reviews.rows[0]?.state).toBe('pending')
  })

  it('reads again what is open when its author mends it', async () => {
    const screen = await openReviews()
    await screen.tap('link', '3号楼2门502 李国强')
    const [first] = screen.engine.reviews.rows
    screen.engine.reviews.arrive({ ...first!, rev: '2-b', note: '补上了药名' })
    await vi.waitFor(() => expect(screen.all('[data-testid=review-detail]')[0]?.textContent).toContain('补上了药名'), PATIENCE)
    expect(screen.text).toContain('刚才有人改了这条记录')
  })

  it('approves together what asks for no decision', async () => {
    const screen = await openReviews()
    await screen.tap('button', '没有要定的 6 条，一起通过')
    await screen.tap('button', '通过')
    expect(screen.engine.reviews.rows.filter((row) => row.state === 'approved')).toHaveLength(6)
  })

  it('works by keys on a desk: j, a, j, r', async () => {
    const screen = await openReviews(true)
    for (const press of ['j', 'a', 'j', 'r']) {
      key(press)
      await screen.settle()
    }
    expect(screen.engine.reviews.rows[0]?.state).toBe('approved')
    expect(screen.all('[aria-current=true]')[0]?.textContent).toContain('没人')
    expect(screen.all('textarea')).toHaveLength(1)
  })

  it('gives a reviewer without doors the tabs that make sense', async () => {
    const screen = await openReviews()
    expect(screen.all('nav a').map((tab) => tab.textContent?.trim())).toEqual(['今天', '走访', '我的'])
  })
})
