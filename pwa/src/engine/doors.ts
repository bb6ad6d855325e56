/** Door numbers as people type them, and the one spelling that makes two phones' households the same document. */

const DIGITS = '〇一二三四五六七八九'
const LONGEST = 16

/** `５０１室` → `501`; `五〇一` → `501`. What is left may be empty: then it was no door number. */
export function normalDoor(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/零/g, '〇')
    .replace(/[〇一二三四五六七八九]/g, (digit) => DIGITS.indexOf(digit).toString())
    .replace(/[—–－_/]/g, '-')
    .replace(/[^0-9A-Za-z-]/g, '')
    .toUpperCase()
    .slice(0, LONGEST)
}

export function doorId(area: string, door: string): string {
  return `household:${area}:${door}`
}
