import { beforeEach, describe, expect, it } from 'vitest'
import { floorOfDoor, layOut, markOf, tallyOf } from '@/features/buildings/grid'
import { DOOR, TODAY } from './fake/district'
import { fakeEngine } from './fake/engine'
import { Screen } from './screen'

describe('the building view', () => {
  beforeEach(() => localStorage.setItem('baijiamen.door', DOOR))

  it('stands as the house does: top floor first, doors across', () => {
    const { floors, columns } = layOut(fakeEngine().library.households(DOOR))
    expect(columns).toBe(3)
    expect(floors.map((row) => row.floor)).toEqual([6, 5, 4, 3, 2, 1])
    expect(floors[0]?.cells.map((cell) => cell?.doc.door)).toEqual(['601', '602', '603'])
  })

  it('leaves a gap where a floor lacks a door', () => {
    const entries = fakeEngine()
      .library.households(DOOR)
      .filter((entry) => entry.doc.door !== '502')
    expect(layOut(entries).floors[1]?.cells.map((cell) => cell?.doc.door)).toEqual(['501', undefined, '503'])
  })

  it('marks each door by what its last visit found', () => {
    const marks = Object.fromEntries(fakeEngine().library.households(DOOR).map((entry) => [entry.doc.door, markOf(entry, TODAY)]))
    expect(marks).toMatchObject({ 601: 'seen', 602: 'noAnswer', 501: 'old', 502: 'comeBack', 401: 'empty', 303: 'declined', 101: 'never' })
  })

  it('counts nobody twice', () => {
    const tallies = tallyOf(fakeEngine().library.households(DOOR), TODAY)
    expect(tallies.map(({ kind, count }) => [kind, count])).toEqual([
      ['met', 3],
      ['noAnswer', 2],
      ['comeBack', 1],
      ['notYet', 10],
    ])
  })

  it('reads the floor from the door', () => {
    expect([floorOfDoor('501'), floorOfDoor('1203'), floorOfDoor('B-1')]).toEqual([5, 12, null])
  })

  it('says number, name, mark and promise to a screen reader', async () => {
    const screen = await Screen.open('/building')
    expect(screen.find('button', '601').getAttribute('aria-label')).toBe('601 王秀英，本季见过，有约')
  })

  it('shows which doors a number counts', async () => {
    const screen = await Screen.open('/building')
    await screen.tap('button', '没人 2')
    expect(screen.all('.cell:not(.dimmed)').map((cell) => cell.dataset.door)).toEqual(['602', '403'])
  })

  it('opens the household on the context menu, as a long press does', async () => {
    const screen = await Screen.open('/building')
    screen.find('button', '601').dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, cancelable: true }))
    await screen.settle()
    expect(screen.text).toContain('走访经过')
    expect(screen.text).not.toContain('13800134000')
    expect(screen.has('link', '打电话 138****4000')).toBe(true)
  })

  it('adds a door that the register forgot and goes on to record it', async () => {
    const screen = await Screen.open('/building')
    await screen.tap('button', '补一户')
    await screen.type('门牌', '６０４')
    await screen.tap('button', '补上这一户')
    expect(screen.engine.library.household(`household:${DOOR}:604`)?.doc).toMatchObject({ floor: 6, building: '3', unit: '2', address: '3号楼2门604' })
    expect(screen.has('button', '见面')).toBe(true)
  })

  it('refuses a door that is already there', async () => {
    const screen = await Screen.open('/building')
    await screen.tap('button', '补一户')
    await screen.type('门牌', '601')
    await screen.tap('button', '补上这一户')
    expect(screen.text).toContain('这个门牌已经有了')
  })

  it('finds people with no network', async () => {
    const screen = await Screen.open('/building')
    await screen.tap('button', '找人')
    await screen.type('找人', '欧阳')
    expect(screen.text).toContain('找到 1 户')
    await screen.tap('button', '看住户 3号楼2门402')
    expect(screen.text).toContain('欧阳明')
  })
})

describe('choosing a door', () => {
  it('is done once and remembered', async () => {
    const screen = await Screen.open('/building')
    await screen.tap('button', '3号楼 2门')
    expect(localStorage.getItem('baijiamen.door')).toBe(DOOR)
    expect(screen.has('button', '601')).toBe(true)
  })
})
