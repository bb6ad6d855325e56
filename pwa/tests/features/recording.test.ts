import { beforeEach, describe, expect, it, vi } from 'vitest'
import { DOOR } from './fake/district'
import { Screen } from './screen'

beforeEach(() => localStorage.setItem('baijiamen.door', DOOR))

describe('recording from the building view', () => {
  it('keeps "nobody at home" with two taps', async () => {
    const screen = await Screen.open('/building')
    await screen.tap('button', '503 杨志刚')
    await screen.tap('button', '没人')
    expect(screen.taps).toBe(2)
    expect(screen.engine.saved).toEqual([expect.objectContaining({ household: `household:${DOOR}:503`, outcome: 'no_answer', completes: [] })])
    expect(screen.find('button', '503').getAttribute('aria-label')).toContain('本季敲过没人')
  })

  it('takes it back within three seconds, and not after', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const screen = await Screen.open('/building')
      await screen.tap('button', '503 杨志刚')
      await screen.tap('button', '没人')
      await screen.tap('button', '撤销')
      expect(screen.find('button', '503').getAttribute('aria-label')).toContain('还没走过')
      expect(screen.text).toContain('已撤销')
      await screen.tap('button', '503 杨志刚')
      await screen.tap('button', '没人')
      vi.advanceTimersByTime(3_001)
      await screen.settle()
      expect(screen.has('button', '撤销')).toBe(false)
    } finally {
      vi.useRealTimers()
    }
  })

  it('keeps a simple meeting with three taps', async () => {
    const screen = await Screen.open('/building')
    await screen.tap('button', '501 刘建国')
    await screen.tap('button', '见面')
    await screen.tap('button', '保存')
    expect(screen.taps).toBe(3)
    expect(screen.engine.saved[0]).toMatchObject({ outcome: 'met', needs: [], followup: null })
    expect(screen.has('button', '保存')).toBe(false)
  })

  it('keeps a full meeting with six taps: need, card, follow-up', async () => {
    const screen = await Screen.open('/building')
    await screen.tap('button', '501 刘建国')
    await screen.tap('button', '见面')
    await screen.tap('button', '水电维修')
    await screen.tap('button', '1 周')
    await screen.tap('switch', '联系卡已留')
    await screen.tap('button', '保存')
    expect(screen.taps).toBe(6)
    expect(screen.engine.saved[0]).toMatchObject({ needs: ['水电维修'], card_left: true, followup: { due: '2026-11-29', why: '水电维修' } })
  })

  it('asks when to come back, with three days chosen', async () => {
    const screen = await Screen.open('/building')
    await screen.tap('button', '503 杨志刚')
    await screen.tap('button', '改约')
    expect(screen.has('button', '不约')).toBe(false)
    await screen.tap('button', '保存')
    expect(screen.engine.saved[0]).toMatchObject({ outcome: 'come_back', followup: { due: '2026-11-25' } })
  })

  it('fulfils the promise that was due, unless the visitor says no', async () => {
    const screen = await Screen.open('/building')
    await screen.tap('button', '601 王秀英')
    await screen.tap('button', '见面')
    expect(screen.find('switch', '这次办了：送药后问候').getAttribute('aria-checked')).toBe('true')
    await screen.tap('button', '保存')
    expect(screen.engine.saved[0]?.completes).toEqual(['followup:01J00000000000000000000002'])
  })

  it('keeps what was typed when the sheet is closed, and clears it once saved', async () => {
    const screen = await Screen.open('/building')
    await screen.tap('button', '501 刘建国')
    await screen.tap('button', '见面')
    await screen.type('一句话', '灯坏了')
    await screen.tap('button', '关闭')
    await screen.tap('button', '501 刘建国')
    expect(screen.text).toContain('上次没写完的还在这里')
    await screen.tap('button', '保存')
    expect(screen.engine.saved[0]).toMatchObject({ note: '灯坏了' })
    expect(screen.engine.drafts.keys()).toEqual([])
  })

  it('says that nothing is lost where the phone could not store it', async () => {
    const screen = await Screen.open('/building')
    vi.spyOn(screen.engine.records, 'saveVisit').mockRejectedValue(new DOMException('full', 'QuotaExceededError'))
    await screen.tap('button', '501 刘建国')
    await screen.tap('button', '见面')
    await screen.type('一句话', '灯坏了')
    await screen.tap('button', '保存')
    expect(screen.text).toContain('手机存储满了')
    expect(screen.has('button', '保存')).toBe(true)
    expect(screen.engine.drafts.keys()).toHaveLength(1)
  })

  it('marks a household that asks for no more visits', async () => {
    const screen = await Screen.open('/building')
    await screen.tap('button', '503 杨志刚')
    await screen.tap('button', '谢绝')
    await screen.tap('switch', '以后不再上门')
    await screen.tap('button', '保存')
    expect(screen.engine.library.household(`household:${DOOR}:503`)?.doc.no_visit).toBe(true)
  })
})
