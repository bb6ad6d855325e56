import { describe, expect, it } from 'vitest'
import { MemoryLibrary } from '@/engine/library'
import { household } from './documents'

describe('the library', () => {
  const library = () => new MemoryLibrary(() => Date.parse('2026-11-22T09:00:00Z'), () => Promise.resolve(''))
  const edited = (_rev: string, name: string, _conflicts?: string[]) => ({ ...household('501'), _rev, name, ...(_conflicts ? { _conflicts } : {}) })

  it('is not set back by what the feed tells late', () => {
    const shelves = library()
    shelves.put(edited('2-b', '新'))
    shelves.take([edited('1-a', '旧')])
    expect(shelves.household(edited('1-a', '')._id)?.doc.name).toBe('新')
  })

  it('falls back to the other version when the winning one of two is deleted', () => {
    const shelves = library()
    shelves.put(edited('3-c', '甲', ['2-b']))
    shelves.take([edited('2-b', '乙')])
    expect(shelves.household(edited('2-b', '')._id)?.doc.name).toBe('乙')
  })
})
