import { dayOf, quarterStart } from '@/composables/dates'
import type { HouseholdEntry } from '@/engine'

/** What a cell says of its household; `promised` stands beside it, because a promise may be open in any of them. */
export type MarkKind = 'seen' | 'noAnswer' | 'comeBack' | 'old' | 'never' | 'declined' | 'empty'

export const SIGNS: Readonly<Record<MarkKind, string>> = {
  seen: '✓',
  noAnswer: '…',
  comeBack: '↻',
  old: '○',
  never: '–',
  declined: '✕',
  empty: '□',
}

export interface Floor {
  floor: number | null
  /** One place per column; null where this floor has no such door. */
  cells: (HouseholdEntry | null)[]
}

export interface Tally {
  kind: 'met' | 'noAnswer' | 'comeBack' | 'notYet'
  marks: readonly MarkKind[]
  count: number
}

const natural = new Intl.Collator('zh-CN', { numeric: true })
// Beyond this many more columns than doors on a floor, numbers don't name columns.
const STRAY_COLUMNS = 2

/** The mark of one household on a day: what the last visit of this quarter found, else how long ago one was. */
export function markOf(entry: HouseholdEntry, today: string): MarkKind {
  const since = quarterStart(today)
  const last = entry.lastVisit?.doc
  if (entry.doc.no_visit || last?.outcome === 'declined') return 'declined'
  if (!last) return 'never'
  if (last.outcome === 'moved' || last.outcome === 'vacant') return 'empty'
  if (entry.lastMet && dayOf(entry.lastMet.doc.at) >= since) return 'seen'
  if (dayOf(last.at) < since) return 'old'
  return last.outcome === 'come_back' ? 'comeBack' : 'noAnswer'
}

/** How the stairwell stands: who was met, who was not at home, where nobody went yet. Nobody's score. */
export function tallyOf(entries: readonly HouseholdEntry[], today: string): Tally[] {
  const kinds: [Tally['kind'], MarkKind[]][] = [
    ['met', ['seen']],
    ['noAnswer', ['noAnswer']],
    ['comeBack', ['comeBack']],
    ['notYet', ['old', 'never']],
  ]
  const marks = entries.map((entry) => markOf(entry, today))
  return kinds
    .map(([kind, of]) => ({ kind, marks: of, count: marks.filter((mark) => of.includes(mark)).length }))
    .filter((tally) => tally.kind !== 'comeBack' || tally.count > 0)
}

/** The house itself: floors from the top, doors across, the same door above the same door. */
export function layOut(entries: readonly HouseholdEntry[]): { floors: Floor[]; columns: number } {
  const byFloor = new Map<number | null, HouseholdEntry[]>()
  for (const entry of [...entries].sort((a, b) => natural.compare(a.doc.door, b.doc.door))) {
    const floor = entry.doc.floor ?? floorOfDoor(entry.doc.door)
    byFloor.set(floor, [...(byFloor.get(floor) ?? []), entry])
  }
  const widest = Math.max(0, ...[...byFloor.values()].map((row) => row.length))
  const keys = [...new Set(entries.map(columnOf))].sort(natural.compare)
  const aligned = keys.length <= widest + STRAY_COLUMNS
  const floors = [...byFloor.entries()]
    .sort(([a], [b]) => (b ?? -Infinity) - (a ?? -Infinity))
    .map(([floor, row]) => ({ floor, cells: aligned ? spread(row, keys) : row }))
  return { floors, columns: aligned ? keys.length : widest }
}

/** The floor that a door's number tells: 501 is on the fifth, 1203 on the twelfth; null where it tells none. */
export function floorOfDoor(door: string): number | null {
  const digits = /^(\d{1,2})\d{2}$/.exec(door)
  return digits ? Number(digits[1]) : null
}

function columnOf(entry: HouseholdEntry): string {
  const floor = entry.doc.floor ?? floorOfDoor(entry.doc.door)
  const prefix = String(floor ?? '')
  const { door } = entry.doc
  return prefix && door.startsWith(prefix) && door.length > prefix.length ? door.slice(prefix.length) : door
}

function spread(row: HouseholdEntry[], keys: string[]): (HouseholdEntry | null)[] {
  const found = new Map(row.map((entry) => [columnOf(entry), entry]))
  return keys.map((key) => found.get(key) ?? null)
}
