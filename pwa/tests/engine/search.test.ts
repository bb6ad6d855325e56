import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestEngine, type TestEngine } from '../../src/engine/testing'
import { household } from './documents'

let engine: TestEngine

beforeEach(async () => {
  engine = await createTestEngine({
    documents: [
      household('501', { name: '张三', pinyin: 'zhangsan zs' }),
      household('502', { name: '张思睿', pinyin: 'zhangsirui zsr' }),
      household('1501', { name: '欧阳娜', pinyin: 'ouyangna oyn' }),
      household('601', { name: null }),
    ],
  })
})
afterEach(() => engine.close())

const doors = (text: string) => engine.search(text).map(({ household: { doc } }) => doc.door)

describe('search', () => {
  it.each([
    ['张三', ['501']],
    ['张', ['501', '502']],
    ['三', ['501']],
    ['zhangsan', ['501']],
    ['ZhangS', ['501', '502']],
    ['zs', ['501', '502']],
    ['oyn', ['1501']],
    ['yang', ['1501']],
    ['501', ['501', '1501']],
    ['5', ['501', '502', '1501']],
    ['3-2-501', ['501']],
    ['3 2 50', ['501', '502']],
    ['2-501', ['501']],
    ['3号楼2门501', ['501']],
    ['３号楼２单元５０１', ['501']],
    ['3号楼501', ['501']],
    ['3栋2单元601室', ['601']],
    ['4-2-501', []],
    ['', []],
    ['王', []],
  ])('finds %s', (text, found) => {
    expect(doors(text)).toEqual(found)
  })

  it('says what matched and keeps to the limit', () => {
    expect(engine.search('zs', 1).map((hit) => hit.by)).toEqual(['initials'])
    expect(engine.search('501')[0]?.by).toBe('door')
  })
})
