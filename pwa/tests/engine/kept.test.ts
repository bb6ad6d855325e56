import { execFileSync } from 'node:child_process'
import { afterEach, describe, expect, it } from 'vitest'
import type { Photo } from '../../src/engine'
import { localDocuments, openDatabase, snapshot } from '../../src/engine/local/pouch'
import { KeptStore } from '../../src/engine/local/store'
import { createTestEngine, type TestEngine } from '../../src/engine/testing'
import { household, visit, ULID } from './documents'
import { missing } from './server/district'

let engine: TestEngine | null = null

afterEach(async () => {
  await engine?.close()
  engine = null
})

describe('drafts', () => {
  it('survive a kill, with their photos, and are each account’s own', async () => {
    engine = await createTestEngine({ documents: [household('501')] })
    const photo = { id: `photo:${ULID('7')}`, data: new Uint8Array([1, 2, 3]), width: 1, height: 1 }
    await engine.drafts.set('household:d-010302:501', { note: '写到一半', photos: [photo] })
    await engine.close()
    engine = await createTestEngine({ keep: true })
    expect(engine.drafts.keys()).toEqual(['household:d-010302:501'])
    expect(engine.drafts.get('household:d-010302:501')).toEqual({ note: '写到一半', photos: [photo] })
    await engine.session.signOut({ discardUnsent: true })
    expect(engine.drafts.keys()).toEqual([])
  })
})

describe('signing out', () => {
  it('is finished at the next start when it was cut short', async () => {
    engine = await createTestEngine({ documents: [household('501')] })
    await engine.close()
    const kept = await KeptStore.open()
    await kept.set('session/leaving', 'lihua')
    await kept.delete('session')
    kept.close()
    engine = await createTestEngine({ keep: true })
    expect(engine.session.state.phase).toBe('signed-out')
    expect((await indexedDB.databases()).map((each) => each.name)).toEqual(['baijiamen'])
  })
})

describe('a cold start', () => {
  it('with no network has everything, and does not ask for it', async () => {
    const asked: string[] = []
    const documents = Array.from({ length: 300 }, (_, index) => household((100 + index).toString()))
    engine = await createTestEngine({
      documents: [...documents, visit(ULID('1'), '101')],
      online: false,
      fetch: (url) => {
        asked.push(url)
        return Promise.reject(new TypeError('Failed to fetch'))
      },
    })
    expect(engine.library.state.ready).toBe(true)
    expect(engine.library.households()).toHaveLength(300)
    expect(engine.library.household('household:d-010302:101')?.lastMet?.id).toBe(`visit:${ULID('1')}`)
    expect(engine.session.state).toMatchObject({ phase: 'signed-in', account: { name: 'lihua' } })
    expect(engine.sync.state).toMatchObject({ phase: 'offline', waiting: 0 })
    expect(asked).toEqual([])
  })
})

describe('photos', () => {
  it('that went up long ago leave the phone, unsent and recent ones never, orphans of a kill do', async () => {
    const saved = '2026-11-20T10:00:00.000+08:00'
    const picture = { 'image.jpg': { content_type: 'image/jpeg', data: btoa('picture') } }
    const photo = (index: number, of = ULID('1')): Photo => ({
      _id: `photo:01J0000000000000000000${index.toString().padStart(4, '0')}`,
      _attachments: picture,
      type: 'photo',
      area: 'd-010302',
      by: 'lihua',
      at: saved,
      v: 1,
      visit: `visit:${of}`,
      household: 'household:d-010302:501',
      width: 4,
      height: 3,
    })
    const sent = Array.from({ length: 70 }, (_, index) => photo(100 + index))
    const [unsent, orphan] = [photo(1), photo(2, ULID('9'))]
    const documents = [household('501'), visit(ULID('1'), '501')]
    const seed = { documents, photos: sent, unsent: [unsent, orphan].map((document) => ({ document })) }
    engine = await createTestEngine({ ...seed, now: () => Date.parse('2026-11-22T10:00:00+08:00') })
    await engine.close()
    engine = await createTestEngine({ keep: true })
    const db = openDatabase('lihua/photos-d-010302')
    const left = (await db.allDocs({ include_docs: true })).rows.map(({ doc }) => doc?._id)
    expect(left).toEqual([unsent._id, ...sent.slice(-60).map((each) => each._id)])
    expect(engine.outbox.items().map((item) => item.docId)).toEqual([unsent._id])
    await db.close()
  })
})

describe('PouchDB', () => {
  it('writes a local document within the transaction of the documents, where it is found again', async () => {
    const db = openDatabase('probe')
    const answers = await db.bulkDocs([{ _id: 'a' }, { _id: '_local/outbox:a', doc: 'a' }, { _id: '_local/other' }])
    expect(answers.every((answer) => answer.error === undefined)).toBe(true)
    expect(await localDocuments('probe', '_local/outbox:')).toMatchObject([{ _id: '_local/outbox:a', _rev: '0-1', doc: 'a' }])
    const [conflict] = await db.bulkDocs([{ _id: '_local/outbox:a', _rev: '0-7', doc: 'b' }])
    expect(conflict?.error).toBeTruthy()
    await db.destroy()
  })

  it('keeps documents where they are read all at once, and this says what allDocs says', async () => {
    const db = openDatabase('probe')
    const hash = (digit: string) => digit.repeat(32)
    const written = (id: string, ids: string[], more: object = {}) => ({
      ...{ _id: id, _rev: `${ids.length.toString()}-${ids[0] ?? ''}`, _revisions: { start: ids.length, ids }, said: ids[0] },
      ...more,
    })
    const [a, b, c] = [hash('a'), hash('b'), hash('c')]
    await db.bulkDocs(
      [
        written('visit:once', [a]),
        written('visit:two', [a]),
        written('visit:two', [b]),
        written('visit:lost-to-a-tombstone', [b]),
        written('visit:lost-to-a-tombstone', [c, a], { _deleted: true }),
        written('visit:all-gone', [c], { _deleted: true }),
        written('visit:all-gone', [a], { _deleted: true }),
        written('odd::id:1-x', [b, a]),
      ],
      { new_edits: false },
    )
    const picture = { 'image.jpg': { content_type: 'image/jpeg', data: btoa('jpeg') } }
    await db.bulkDocs([{ _id: 'visit:edited', n: 1 }, { _id: 'photo:1', _attachments: picture }, { _id: 'visit:deleted' }])
    const { _rev } = await db.get<{ _rev: string }>('visit:edited')
    const gone = await db.get<object>('visit:deleted')
    await db.bulkDocs([{ _id: 'visit:edited', _rev, n: 2 }, { ...gone, _deleted: true }, { _id: '_local/outbox:x', doc: 'x' }])
    const all = await db.allDocs({ include_docs: true, conflicts: true })
    const found = await snapshot<object>('probe', db, '_local/outbox:')
    const byId = (one: { _id: string }, other: { _id: string }) => (one._id < other._id ? -1 : 1)
    expect([...found.documents].sort(byId)).toEqual(all.rows.map(({ doc }) => doc as object as { _id: string }).sort(byId))
    expect(found.documents.map((document) => document._id).sort()).toEqual([
      ...['odd::id:1-x', 'photo:1', 'visit:edited', 'visit:lost-to-a-tombstone', 'visit:once', 'visit:two'],
    ])
    expect(found.documents.find(({ _id }) => _id === 'visit:two')?._conflicts).toEqual([`1-${a}`])
    expect(found.locals).toMatchObject([{ doc: 'x' }])
    expect(found.sequence).toBe((await db.info()).update_seq)
    await db.destroy()
  })
})

describe.skipIf(missing !== null)('the documents’ types', () => {
  it('are current with the server’s models', () => {
    expect(() => execFileSync('node', ['scripts/documents.mjs', '--check'], { encoding: 'utf8' })).not.toThrow()
  }, 60_000)
})
