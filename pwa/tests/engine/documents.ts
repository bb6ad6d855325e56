import type { Followup, Household, Review, Visit } from '../../src/engine'

const HEAD = { area: 'd-010302', by: 'lihua', at: '2026-11-20T10:00:00.000+08:00', v: 1 } as const

export function household(door: string, fields: Partial<Household> = {}): Household {
  return {
    ...HEAD,
    _id: `household:d-010302:${door}`,
    type: 'household',
    by: 'import',
    building: '3',
    unit: '2',
    floor: Number(door.slice(0, -2)),
    door,
    address: `3号楼2门${door}`,
    source: 'register',
    ...fields,
  }
}

export function visit(id: string, door: string, fields: Partial<Visit> = {}): Visit {
  return { ...HEAD, _id: `visit:${id}`, type: 'visit', household: `household:d-010302:${door}`, outcome: 'met', ...fields }
}

export function followup(id: string, door: string, fields: Partial<Followup> = {}): Followup {
  return {
    ...HEAD,
    _id: `followup:${id}`,
    type: 'followup',
    household: `household:d-010302:${door}`,
    due: '2026-11-25',
    state: 'open',
    ...fields,
  }
}

export function review(visitId: string, rev: string, fields: Partial<Review> = {}): Review {
  return {
    ...HEAD,
    _id: `review:${visitId}`,
    type: 'review',
    by: 'wang',
    visit: `visit:${visitId}`,
    visit_rev: rev,
    state: 'returned',
    note: '请补充需求',
    ...fields,
  }
}

export const ULID = (digit: string) => `01J00000000000000000000000`.slice(0, -1) + digit
