import { describe, expect, it, vi } from 'vitest'
import { ApiError } from '@/engine'
import { Screen } from './screen'

// The page is fetched when it is first opened.
const PATIENCE = { timeout: 10_000 }

async function opened(): Promise<Screen> {
  const screen = await Screen.open('/me')
  await vi.waitFor(() => expect(screen.has('link', '改密码')).toBe(true), PATIENCE)
  await screen.tap('link', '改密码')
  await vi.waitFor(() => expect(screen.has('button', '改密码')).toBe(true), PATIENCE)
  return screen
}

async function fill(screen: Screen, old: string, next: string, repeat: string): Promise<void> {
  await screen.type('现在的密码', old)
  await screen.type('新密码', next)
  await screen.type('再输一遍新密码', repeat)
  await screen.tap('button', '改密码')
}

describe('changing the password', () => {
  it('is reached from 我的, and says when it is done', async () => {
    const screen = await opened()
    const change = vi.spyOn(screen.engine.session, 'changePassword')
    await fill(screen, 'old-plum-11', 'new-plum-22', 'new-plum-22')
    expect(change).toHaveBeenCalledExactlyOnceWith('old-plum-11', 'new-plum-22')
    await vi.waitFor(() => expect(screen.text).toContain('密码改好了'), PATIENCE)
    expect(screen.all('input[type=password]')).toHaveLength(0)
  })

  it('asks nothing of the server before both new ones agree', async () => {
    const screen = await opened()
    const change = vi.spyOn(screen.engine.session, 'changePassword')
    await fill(screen, '', 'new-plum-22', 'new-plum-23')
    expect(screen.text).toContain('请填现在的密码。')
    expect(screen.text).toContain('两次输入的密码不一样')
    expect(change).not.toHaveBeenCalled()
  })

  it('shows the server\u2019s words under the field they speak of, and keeps what was typed', async () => {
    const screen = await opened()
    const change = vi.spyOn(screen.engine.session, 'changePassword')
    change.mockRejectedValueOnce(new ApiError(400, '内容不对', '', [{ field: 'old', message: '原密码不对，请重新输入。' }]))
    await fill(screen, 'wrong', 'new-plum-22', 'new-plum-22')
    expect(screen.all('[aria-invalid=true]')).toHaveLength(1)
    expect(screen.text).toContain('原密码不对，请重新输入。')
    change.mockRejectedValueOnce(new ApiError(429, '太频繁', '请等 60 秒再试。'))
    await screen.tap('button', '改密码')
    expect(screen.text).toContain('密码没有改：请等 60 秒再试。')
    expect(screen.all('[aria-invalid=true]')).toHaveLength(0)
    await screen.tap('button', '改密码')
    expect(change).toHaveBeenCalledTimes(3)
  })
})
