import { describe, expect, it, vi } from 'vitest'
import { parser, type ServerSent } from '../../src/engine/api/events'
import { day, daysBetween, instant } from '../../src/engine/clock'
import { normalDoor } from '../../src/engine/doors'
import { byDoor, byTree } from '../../src/engine/order'
import { fit, MAX_BYTES, STEPS, within } from '../../src/engine/photos/shrink'
import { searchKeys } from '../../src/engine/pinyin'
import { ulids } from '../../src/engine/ulid'
import { household } from './documents'

describe('time', () => {
  it('is written in Shanghai, where the day begins eight hours earlier than in Greenwich', () => {
    const ms = Date.parse('2026-11-22T16:30:00.123Z')
    expect(instant(ms)).toBe('2026-11-23T00:30:00.123+08:00')
    expect(Date.parse(instant(ms))).toBe(ms)
    expect(day(ms)).toBe('2026-11-23')
    expect(daysBetween('2026-02-27', '2026-03-01')).toBe(2)
    expect(daysBetween('2026-03-01', '2026-02-27')).toBe(-2)
  })
})

describe('ids', () => {
  it('sort by the moment of their making, also when the clock stands or goes back', () => {
    let now = Date.parse('2026-11-22T01:00:00Z')
    const next = ulids(() => now)
    const made = [next(), next(), next()]
    now -= 60_000
    made.push(next())
    now += 120_000
    made.push(next())
    expect([...made].sort()).toEqual(made)
    expect(new Set(made).size).toBe(5)
    for (const id of made) expect(id).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/)
  })

  it('have the time that the specification gives them', () => {
    expect(ulids(() => 1_469_918_176_385)().slice(0, 10)).toBe('01ARYZ6S41')
  })
})

describe('doors', () => {
  it.each([
    ['501', '501'],
    [' ５０１室 ', '501'],
    ['五〇一', '501'],
    ['五零一', '501'],
    ['b-12a', 'B-12A'],
    ['12—3', '12-3'],
    ['室', ''],
  ])('%s is %s', (typed, normal) => {
    expect(normalDoor(typed)).toBe(normal)
  })

  it('stand in the order of a walk', () => {
    const doors = ['1001', '202', '201', '1002', '301'].map((door) => household(door))
    expect(doors.sort(byDoor).map((each) => each.door)).toEqual(['201', '202', '301', '1001', '1002'])
  })

  it('and areas in the order of the tree', () => {
    const area = (id: string, parent: string | null, sort: number) => ({ id, parent, kind: 'door' as const, name: id, sort })
    const all = [area('a', null, 0), area('b2', 'a', 2), area('b1', 'a', 1), area('d', 'b2', 1), area('c', 'b1', 9)]
    expect(byTree(all.slice(3), all).map((each) => each.id)).toEqual(['c', 'd'])
  })
})

describe('a photo', () => {
  it('keeps its shape and is never made bigger', () => {
    expect(within({ width: 4000, height: 3000 }, 1600)).toEqual({ width: 1600, height: 1200 })
    expect(within({ width: 300, height: 400 }, 1600)).toEqual({ width: 300, height: 400 })
    expect(within({ width: 10_000, height: 1 }, 1600)).toEqual({ width: 1600, height: 1 })
  })

  it('takes the first step that is small enough, and says when none is', async () => {
    const encode = vi.fn(({ width }: { width: number }) => Promise.resolve(new Blob([new Uint8Array(width * 150)])))
    const shrunk = await fit({ width: 4000, height: 3000, encode })
    expect(shrunk).toMatchObject({ width: 1280, height: 960 })
    expect(shrunk.data.byteLength).toBeLessThanOrEqual(MAX_BYTES)
    expect(encode).toHaveBeenCalledTimes(3)
    const huge = { width: 4000, height: 3000, encode: () => Promise.resolve(new Blob([new Uint8Array(MAX_BYTES + 1)])) }
    await expect(fit(huge)).rejects.toThrow(RangeError)
    expect(STEPS.map(([side]) => side)).toEqual([...STEPS.map(([side]) => side)].sort((a, b) => b - a))
  })
})

describe('pinyin', () => {
  it('is what the import of the register makes of a name', async () => {
    await vi.waitFor(async () => {
      expect(await searchKeys('张三')).toBe('zhangsan zs')
    })
    expect(await searchKeys('单雄信')).toBe('shanxiongxin sxx')
    expect(await searchKeys('吕小 绿')).toBe('lvxiaolv lxl')
  })
})

describe('server-sent events', () => {
  function parsed(...pieces: string[]): ServerSent[] {
    const found: ServerSent[] = []
    const feed = parser((each) => found.push(each))
    for (const piece of pieces) feed(piece)
    return found
  }

  it('come whole from whatever pieces arrive, without the heartbeats', () => {
    const pieces = ['id: 7\neve', 'nt: visit\ndata: {"a":', '1}\n', '\n: beat\n\ndata: x\r\ndata: y\r\n\r\n', 'data: unfinished\n']
    expect(parsed(...pieces)).toEqual([
      { id: '7', event: 'visit', data: '{"a":1}' },
      { id: '7', event: 'message', data: 'x\ny' },
    ])
  })
})
