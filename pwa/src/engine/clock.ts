/** Time as the documents write it: Asia/Shanghai, which has had no daylight saving since 1991. */

export type Clock = () => number

const OFFSET_MS = 8 * 3_600_000
const DAY_MS = 86_400_000

/** `2026-11-22T09:30:00.123+08:00`. */
export function instant(ms: number): string {
  return new Date(ms + OFFSET_MS).toISOString().replace('Z', '+08:00')
}

/** The day in Shanghai, `YYYY-MM-DD`. */
export function day(ms: number): string {
  return new Date(ms + OFFSET_MS).toISOString().slice(0, 10)
}

/** Whole days from one day to another; negative when `to` is earlier. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS)
}
