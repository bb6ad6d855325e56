import type * as PinyinPro from 'pinyin-pro'

/** Search keys of a name, as the server's import makes them: `张三` → `zhangsan zs`. The dictionary is loaded on demand. */

const LONGEST = 200
/** A save waits this long for the dictionary; it is fetched beforehand, and a household is found by its name without. */
const PATIENCE_MS = 300

type Dictionary = typeof PinyinPro

let loading: Promise<Dictionary> | null = null

/** Have the dictionary at hand before it is needed. */
export function preload(): void {
  loading ??= import('pinyin-pro')
  loading.catch(() => {
    loading = null
  })
}

export async function searchKeys(name: string): Promise<string | undefined> {
  preload()
  const late = new Promise<undefined>((resolve) => {
    setTimeout(() => {
      resolve(undefined)
    }, PATIENCE_MS)
  })
  const dictionary = await Promise.race([loading?.catch(() => undefined), late])
  return dictionary ? keys(dictionary, name) : undefined
}

function keys({ pinyin }: Dictionary, name: string): string {
  const compact = name.replace(/\s+/g, '')
  const syllables = pinyin(compact, { toneType: 'none', type: 'array', surname: 'head', v: true, nonZh: 'consecutive' })
  const full = syllables.join('').toLowerCase()
  const initials = syllables.map((syllable) => syllable.charAt(0)).join('').toLowerCase()
  return (full === initials ? full : `${full} ${initials}`).slice(0, LONGEST)
}
