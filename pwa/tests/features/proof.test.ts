import { expect, it, vi } from 'vitest'
import type { ProofReport } from '@/engine'
import { TODAY } from './fake/district'
import { Screen } from './screen'

const EQUAL: ProofReport = { at: `${TODAY}T09:05:00+08:00`, checked: 120, unsent: 0, fetched: 0, again: 0, extra: 0, unmended: 0 }

// The page is fetched when it is first opened.
const PATIENCE = { timeout: 10_000 }

it('says in plain words what was compared, found and mended', async () => {
  const screen = await Screen.open('/me')
  await vi.waitFor(() => expect(screen.has('button', '现在核对')).toBe(true), PATIENCE)
  const check = vi.spyOn(screen.engine.proof, 'check')
  await screen.tap('button', '现在核对')
  expect(check).toHaveBeenCalledOnce()
  screen.engine.told.proof.tell({ last: EQUAL })
  await screen.settle()
  expect(screen.text).toContain('今天 09:05核对过 120 条，全都一致。')
  screen.engine.told.proof.tell({ last: { ...EQUAL, fetched: 1, again: 2, extra: 3, unmended: 4, unsent: 5 } })
  await screen.settle()
  const words = ['核对过 120 条。', '缺了 1 条，已经补上', '您写的 2 条', '有 3 条别人写的', '还有 4 条没能补上', '还没上传的 5 条']
  for (const each of words) expect(screen.text).toContain(each)
  expect(screen.text).not.toContain('全都一致')
  screen.engine.told.proof.tell({ phase: 'failed' })
  await screen.settle()
  expect(screen.text).toContain('请到有信号的地方再试')
})

it('is not there for who keeps nothing on this phone', async () => {
  const screen = await Screen.open('/me', { role: 'supervisor' })
  await vi.waitFor(() => expect(screen.text).toContain('手机存储'), PATIENCE)
  expect(screen.text).not.toContain('核对资料')
})
