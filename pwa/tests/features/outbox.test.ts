import { describe, expect, it, vi } from 'vitest'
import type { OutboxItem } from '@/engine'
import { Screen } from './screen'

const VISIT = 'visit:01J00000000000000000000002'
const item = (more: Partial<OutboxItem>): OutboxItem => ({ docId: VISIT, type: 'visit', title: '3号楼2门602', household: null, visit: VISIT, state: 'waiting', at: '2026-11-22T09:00:00+08:00', ...more })

describe('the outbox', () => {
  it('says that nothing waits', async () => {
    expect((await Screen.open('/outbox')).text).toContain('没有等着上传的记录')
  })

  it('shows what was refused with its reason, and leads to mending it', async () => {
    const screen = await Screen.open('/outbox', {}, (engine) => {
      engine.outboxItems = [item({ state: 'refused', reason: '「需要」太长，请改短' }), item({ docId: 'b', state: 'waiting' }), item({ docId: 'c', state: 'done' })]
    })
    expect(screen.all('h2').map((heading) => heading.textContent)).toEqual(expect.arrayContaining(['需要修改（1）', '等着上传（1）', '今天已上传（1）']))
    await screen.tap('link', '修改：3号楼2门602')
    expect(screen.all('[data-testid=mend-reason]')[0]?.textContent).toBe('没有收下：「需要」太长，请改短')
    const mend = vi.spyOn(screen.engine.records, 'mendVisit')
    await screen.type('一句话', '改好了')
    await screen.tap('button', '保存')
    expect(mend).toHaveBeenCalledWith(VISIT, expect.objectContaining({ note: '改好了', outcome: 'no_answer' }))
  })

  it('asks before giving a record up', async () => {
    const screen = await Screen.open('/outbox', {}, (engine) => {
      engine.outboxItems = [item({ state: 'refused', reason: '不对' })]
    })
    const discard = vi.spyOn(screen.engine.outbox, 'discard')
    await screen.tap('button', '不要这条了')
    expect(discard).not.toHaveBeenCalled()
    await screen.tap('button', '不要了')
    expect(screen.text).toContain('没有等着上传的记录')
  })

  it('sends again on request', async () => {
    const screen = await Screen.open('/outbox', {}, (engine) => {
      engine.outboxItems = [item({ state: 'refused', reason: '不对' })]
    })
    const retry = vi.spyOn(screen.engine.outbox, 'retry')
    await screen.tap('button', '再传一次')
    expect(retry).toHaveBeenCalledWith(VISIT)
  })
})
