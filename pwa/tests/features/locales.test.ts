import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import catalogue from '@/locales/zh-CN.json'

const SOURCES = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(vue|ts)$/.test(name) && !/^(engine|worker)\//.test(name))
  .map((name) => [name, readFileSync(`src/${name}`, 'utf8')] as const)

function keysOf(part: object, prefix = ''): string[] {
  return Object.entries(part).flatMap(([name, value]) =>
    typeof value === 'string' || Array.isArray(value) ? [prefix + name] : keysOf(value as object, `${prefix}${name}.`),
  )
}

const KEYS = new Set(keysOf(catalogue))
const ALL = SOURCES.map(([, text]) => text).join('\n')

describe('the catalogue of strings', () => {
  it('has every key that the screens name', () => {
    const named = [...ALL.matchAll(/['"]([a-zA-Z]+(?:\.[a-zA-Z_0-9]+)+)['"]/g)].map((match) => match[1]!)
    const known = named.filter((key) => Object.hasOwn(catalogue, key.slice(0, key.indexOf('.'))))
    expect(known.filter((key) => !KEYS.has(key))).toEqual([])
  })

  it('has no key that nothing uses', () => {
    const unused = [...KEYS].filter((key) => {
      const parent = key.slice(0, key.lastIndexOf('.') + 1)
      const name = key.slice(parent.length)
      const built = [...ALL.matchAll(/`([a-zA-Z.]+)\$\{/g)].some((match) => key.startsWith(match[1]!))
      return !built && !ALL.includes(`'${key}'`) && !ALL.includes(`"${key}"`) && !ALL.includes(`'${name}'`)
    })
    expect(unused).toEqual([])
  })

  it('leaves no Chinese outside itself', () => {
    const loose = SOURCES.filter(([name]) => !name.startsWith('locales/')).flatMap(([name, text]) =>
      text
        .replace(/\/\*[\s\S]*?\*\/|<!--[\s\S]*?-->|\/\/.*$/gm, '')
        .split('\n')
        .filter((line) => /[\u4e00-\u9fff]/.test(line))
        .map((line) => `${name}: ${line.trim()}`),
    )
    // The surnames of two characters are facts of the language, not words of the interface.
    expect(loose.filter((line) => !/naming\.ts: const DOUBLE/.test(line))).toEqual([])
  })
})
