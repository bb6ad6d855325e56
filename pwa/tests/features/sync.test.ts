import { describe, expect, it, vi } from 'vitest'
import { syncWords } from '@/composables/syncWords'
import type { SyncSnapshot } from '@/engine'
import { Screen } from './screen'

const CALM: SyncSnapshot = { online: true, phase: 'idle', waiting: 0, refused: 0, lastSyncedAt: '2026-11-22T09:00:00+08:00', detail: null }

describe('the line about syncing', () => {
  it.each<[Partial<SyncSnapshot>, string, string]>([
    [{}, '已全部同步', 'calm'],
    [{ phase: 'syncing' }, '已全部同步', 'calm'],
    [{ phase: 'syncing', lastSyncedAt: null }, '正在取资料…', 'calm'],
    [{ waiting: 3 }, '3 条待上传', 'warn'],
    [{ waiting: 3, phase: 'syncing' }, '3 条待上传', 'warn'],
    [{ online: false, phase: 'offline' }, '没有网络，照常使用', 'warn'],
    [{ online: false, phase: 'offline', waiting: 3 }, '没有网络，照常使用 · 3 条待上传', 'warn'],
    [{ refused: 1 }, '1 条需要修改', 'alert'],
    [{ phase: 'expired', waiting: 2 }, '需要重新登录才能上传 · 2 条待上传', 'alert'],
    [{ phase: 'error', detail: 'server' }, '暂时连不上服务器，照常使用', 'warn'],
    [{ phase: 'error', detail: 'portal' }, '这个无线网络要先登录，照常使用', 'warn'],
    [{ phase: 'error', detail: 'storage-full' }, '手机存储满了，请清出一些空间', 'alert'],
  ])('%o', (state, text, tone) => {
    expect(syncWords({ ...CALM, ...state })).toEqual({ text, tone })
  })

  it('follows the engine and leads to the outbox', async () => {
    const screen = await Screen.open('/today')
    expect(screen.all('[data-testid=sync-text]')[0]?.textContent).toBe('已全部同步')
    screen.engine.told.sync.tell({ refused: 1 })
    await screen.settle()
    await screen.tap('button', '1 条需要修改')
    expect(screen.all('h1')[0]?.textContent).toBe('上传箱')
  })

  it('asks for the password again over the page, and keeps the page', async () => {
    const screen = await Screen.open('/today')
    screen.engine.told.session.tell({ phase: 'expired' })
    screen.engine.told.sync.tell({ phase: 'expired' })
    await screen.settle()
    expect(screen.all('dialog[open]')).toHaveLength(0)
    const signIn = vi.spyOn(screen.engine.session, 'signIn')
    await screen.tap('button', '需要重新登录')
    await screen.type('密码', 'correct horse')
    await screen.tap('button', '登录')
    expect(signIn).toHaveBeenCalledWith('li', 'correct horse')
    expect(screen.text).toContain('今天要回访')
    expect(screen.all('dialog[open]')).toHaveLength(0)
  })

  it('offers a new version and changes nothing by itself', async () => {
    const screen = await Screen.open('/today')
    const apply = vi.spyOn(screen.engine.update, 'apply')
    screen.engine.told.update.tell({ available: true })
    await screen.settle()
    expect(apply).not.toHaveBeenCalled()
    await screen.tap('button', '有新版本，点这里更新')
    expect(apply).toHaveBeenCalledOnce()
  })
})
