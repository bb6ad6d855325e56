import type { AreaNode, Followup, Grant, Household, Mark, Outcome, Review, Stored, Visit } from '@/engine'

export const TODAY = '2026-11-22'
export const DOOR = 'd-0302'

export const AREAS: AreaNode[] = [
  { id: 'heping', parent: null, kind: 'district', name: '和平区' },
  { id: 'nanshi', parent: 'heping', kind: 'street', name: '南市街' },
  { id: 'xingfu', parent: 'nanshi', kind: 'community', name: '幸福社区' },
  { id: 'b-03', parent: 'xingfu', kind: 'building', name: '3号楼' },
  { id: 'd-0301', parent: 'b-03', kind: 'door', name: '1门' },
  { id: DOOR, parent: 'b-03', kind: 'door', name: '2门' },
]

export function grant(role: Grant['role'], id: string): Grant {
  const byId = new Map(AREAS.map((area) => [area.id, area]))
  const path: AreaNode[] = []
  for (let at = byId.get(id); at; at = at.parent === null ? undefined : byId.get(at.parent)) path.unshift(at)
  const area = path[path.length - 1]!
  return { role, area: { ...area, path: path.map((one) => one.id), path_names: path.map((one) => one.name) } }
}

const NAMES = ['王秀英', '李国强', '张桂兰', '刘建国', '陈玉梅', '杨志刚', '赵淑珍', '欧阳明', '周德福', '吴小燕', '徐长海', '孙丽华', '马文才', '朱永红', '胡金花', '郭宝山', '林美玲', '何守义']

const base = (id: string, day: string) => ({ _id: id, _rev: '1-a', area: DOOR, by: 'li', at: `${day}T10:20:00.000+08:00`, v: 1 as const })

export function makeHouseholds(): Stored<Household>[] {
  return NAMES.map((name, index) => {
    const floor = 6 - Math.floor(index / 3)
    const door = `${floor}0${(index % 3) + 1}`
    const marks: Mark[] = index % 7 === 0 ? ['alone', 'elder'] : []
    return {
      ...base(`household:${DOOR}:${door}`, '2026-01-05'),
      type: 'household' as const,
      building: '3',
      unit: '2',
      floor,
      door,
      address: `3号楼2门${door}`,
      name,
      phone: index % 4 === 3 ? null : `1380013${String(4000 + index)}`,
      people: 1 + (index % 4),
      marks,
      consent: 'yes' as const,
      no_visit: index === 11,
      pinyin: '',
      note: index === 0 ? '腿脚不便，敲门后等一会儿' : '',
    }
  })
}

const visit = (n: number, door: string, day: string, outcome: Outcome, more: Partial<Visit> = {}): Stored<Visit> => ({
  ...base(`visit:01J00000000000000000000${String(n).padStart(3, '0')}`, day),
  type: 'visit',
  household: `household:${DOOR}:${door}`,
  outcome,
  needs: [],
  note: '',
  card_left: false,
  photos: [],
  ...more,
})

export function makeVisits(): Stored<Visit>[] {
  return [
    visit(1, '601', '2026-11-12', 'met', { needs: ['买菜送药'], note: '降压药快吃完了，答应下周送来', card_left: true }),
    visit(2, '602', '2026-11-12', 'no_answer'),
    visit(3, '603', '2026-11-12', 'met', { needs: ['家电维修'] }),
    visit(4, '501', '2026-06-02', 'met'),
    visit(5, '502', '2026-11-15', 'come_back'),
    visit(6, '401', '2026-11-15', 'vacant'),
    visit(7, '402', '2026-11-15', 'met', { note: '灯不亮' }),
    visit(8, '601', '2026-08-20', 'no_answer'),
    visit(9, '403', '2026-11-18', 'no_answer'),
  ]
}

export function makeReviews(): Stored<Review>[] {
  return [
    {
      ...base('review:01J00000000000000000000007', '2026-11-16'),
      type: 'review',
      visit: 'visit:01J00000000000000000000007',
      visit_rev: '1-a',
      state: 'returned',
      note: '请写明是楼道灯还是屋里的灯',
    },
  ]
}

const followup = (n: number, door: string, due: string, why: string): Stored<Followup> => ({
  ...base(`followup:01J00000000000000000000${String(n).padStart(3, '0')}`, '2026-11-12'),
  type: 'followup',
  household: `household:${DOOR}:${door}`,
  visit: null,
  due,
  to: 'li',
  why,
  state: 'open',
})

export function makeFollowups(): Stored<Followup>[] {
  return [followup(1, '502', TODAY, '约好今天上午再来'), followup(2, '601', '2026-11-19', '送药后问候'), followup(3, '603', '2026-11-25', '问问洗衣机修好没有')]
}
