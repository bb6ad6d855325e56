import { describe, expect, it, vi } from 'vitest'
import { planOf } from '@/features/today/today'
import { TODAY } from './fake/district'
import { fakeEngine } from './fake/engine'
import { Screen } from './screen'

describe('today', () => {
  it('plans the walk from the top floor down, late or not', () => {
    const plan = planOf(fakeEngine().library.followupsOpen('me'), TODAY)
    expect(plan.due.map((entry) => entry.household?.door)).toEqual(['601', '502'])
    expect(plan.late).toBe(1)
    expect(plan.week.map((entry) => entry.household?.door)).toEqual(['603'])
  })

  it('greets with the count and starts a visit with one tap', async () => {
    const screen = await Screen.open('/today')
    expect(screen.text).toContain('今天 2 户要回访，其中 1 户已过期')
    await screen.tap('button', '记录走访：3号楼2门601 王秀英')
    expect(screen.has('button', '没人')).toBe(true)
  })

  it('shows what came back and mends it', async () => {
    const screen = await Screen.open('/today')
    expect(screen.text).toContain('退回的话：请写明是楼道灯还是屋里的灯')
    await screen.tap('link', '修改被退回的记录：3号楼2门402 欧阳明')
    await screen.type('一句话', '楼道灯不亮')
    await screen.tap('button', '保存')
    expect(screen.all('[data-testid=returned-card]')).toHaveLength(0)
    expect(screen.text).toContain('改好了，会自动再交上去')
  })

  it('says what to do where nothing is due', async () => {
    const screen = await Screen.open('/today', { empty: true })
    expect(screen.text).toContain('到「楼栋」里选一个楼门')
    expect(screen.has('link', '去楼栋')).toBe(true)
  })

  it('shows reminders from the server and lets them be read', async () => {
    const screen = await Screen.open('/today', {}, (engine) => {
      vi.spyOn(engine.api.reminders, 'list').mockResolvedValue([
        { id: 'r1', kind: 'digest', title: '今天有 2 户要回访', body: '', due: null, household: null, followup: null, visit: null, at: '2026-11-22T08:00:00+08:00', read_at: null },
      ])
    })
    const read = vi.spyOn(screen.engine.api.reminders, 'read')
    await screen.tap('button', '知道了：今天有 2 户要回访')
    expect(read).toHaveBeenCalledWith('r1')
    expect(screen.all('[data-testid=reminder-card]')).toHaveLength(0)
  })

  it('leads whoever is signed out to the log-in, and no further', async () => {
    const screen = await Screen.open('/building', { role: 'none' })
    await vi.waitFor(() => expect(screen.all('h1')[0]?.textContent).toBe('登录'), { timeout: 10_000 })
    expect(screen.all('nav')).toHaveLength(0)
  })
})
