import { ApiError, type Api, type VisitDetail, type VisitEvent, type VisitFilter, type VisitRow } from '@/engine'

export interface FakeReviews {
  visits: Api['visits']
  rows: VisitRow[]
  /** How many rows the server looks over for one page: with less than a page, pages are short, or empty. */
  span: number
  /** A visit arrives at the server. */
  arrive: (row: VisitRow) => void
}

export function makeRow(n: number, more: Partial<VisitRow> = {}): VisitRow {
  const door = `${6 - (n % 6)}0${(n % 3) + 1}`
  return {
    id: `visit:01K00000000000000000000${String(n).padStart(3, '0')}`,
    rev: '1-a',
    area: { id: 'd-0302', name: '2门' },
    household: { id: `household:d-0302:${door}`, address: `3号楼2门${door}`, name: ['王秀英', '李国强', '张桂兰'][n % 3]! },
    by: { name: 'li', display_name: '李敏' },
    at: `2026-11-${String(22 - (n % 20)).padStart(2, '0')}T10:20:00+08:00`,
    received_at: '2026-11-22T11:00:00+08:00',
    outcome: n % 2 ? 'met' : 'no_answer',
    needs: n % 2 ? ['买菜送药'] : [],
    note: n % 2 ? '降压药快吃完了，答应下周送来。儿子在外地，平时一个人住。' : '',
    card_left: n % 2 === 1,
    photos: [],
    followup: n % 4 === 1 ? { id: 'followup:x', due: '2026-11-25', state: 'open' } : null,
    state: 'pending',
    review: null,
    ...more,
  }
}

/** The server's side of reviewing, in memory. */
export function fakeReviews(count: number): FakeReviews {
  const listeners = new Set<(event: VisitEvent) => void>()
  let seq = 0
  const fake: FakeReviews = {
    span: Infinity,
    rows: Array.from({ length: count }, (_, index) => makeRow(index + 1)),
    arrive(row) {
      fake.rows = [row, ...fake.rows.filter((one) => one.id !== row.id)]
      for (const listener of listeners) listener({ id: row.id, seq: ++seq, state: row.state })
    },
    visits: {
      list: (filter: VisitFilter = {}) => Promise.resolve(page(fake.rows, filter, fake.span)),
      get: (id) => Promise.resolve(detail(fake.rows, id)),
      approve: (id, rev) => decide(id, rev, 'approved', ''),
      return: (id, rev, note) => decide(id, rev, 'returned', note),
      approveMany: async (items) => {
        for (const item of items) await decide(item.id, item.rev, 'approved', '')
        return items.map(({ id }) => ({ id, ok: true }))
      },
      events(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
  }

  async function decide(id: string, rev: string, state: 'approved' | 'returned', note: string): Promise<VisitRow> {
    const row = fake.rows.find((one) => one.id === id)!
    if (row.rev !== rev) throw new ApiError(409, '版本已变', '这条记录刚被改过')
    const next: VisitRow = { ...row, state, review: { state, note, by: '王书记', at: '2026-11-22T12:00:00+08:00' } }
    fake.rows = fake.rows.map((one) => (one.id === id ? next : one))
    return Promise.resolve(next)
  }
  return fake
}

function page(rows: VisitRow[], filter: VisitFilter, span: number) {
  const fits = (row: VisitRow) => (!filter.state || row.state === filter.state) && (!filter.outcome || row.outcome === filter.outcome)
  const items: VisitRow[] = []
  let at = Number(filter.cursor ?? 0)
  for (const end = at + span; at < rows.length && at < end && items.length < (filter.limit ?? 50); at++) {
    const row = rows[at]!
    if (fits(row)) items.push(row)
  }
  const count = (state: string) => rows.filter((row) => row.state === state).length
  return {
    items,
    next: at < rows.length ? String(at) : null,
    counts: { pending: count('pending'), approved: count('approved'), returned: count('returned') },
  }
}

function detail(rows: VisitRow[], id: string): VisitDetail {
  const row = rows.find((one) => one.id === id)!
  return {
    ...row,
    household: { ...row.household, phone: '13800134001', marks: ['alone'] },
    history: rows.filter((one) => one.household.id === row.household.id),
    revisions: [{ rev: row.rev, at: row.at, by: row.by.name, losing: false }],
  }
}
