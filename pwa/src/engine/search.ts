/** Finding a household with no network: by name, pinyin, initials or door, best first. */

import type { HouseholdEntry, HouseholdHit } from './face'

type Match = readonly [rank: number, by: HouseholdHit['by']]

const LIMIT = 20

export function search(households: readonly HouseholdEntry[], text: string, limit = LIMIT): HouseholdHit[] {
  const typed = text.normalize('NFKC').trim().toLowerCase()
  const wanted = typed.replace(/\s+/g, '')
  if (wanted === '') return []
  const door = doorParts(typed)
  const hits = households.flatMap((household, order) => {
    const match = best([byDoor(household, wanted, door), byName(household, wanted)])
    return match ? [{ hit: { household, by: match[1] }, rank: match[0], order }] : []
  })
  hits.sort((a, b) => a.rank - b.rank || a.order - b.order)
  return hits.slice(0, limit).map(({ hit }) => hit)
}

function best(matches: readonly (Match | null)[]): Match | null {
  return matches.reduce((first, next) => (!first || (next && next[0] < first[0]) ? next : first), null)
}

function byName({ doc }: HouseholdEntry, wanted: string): Match | null {
  const name = (doc.name ?? '').toLowerCase()
  if (name !== '' && name === wanted) return [0, 'name']
  if (name.startsWith(wanted)) return [2, 'name']
  if (name.includes(wanted)) return [4, 'name']
  const [full = '', initials = ''] = (doc.pinyin ?? '').split(' ')
  if (full === wanted) return [1, 'pinyin']
  if (initials === wanted) return [1, 'initials']
  if (initials.startsWith(wanted)) return [3, 'initials']
  if (full.startsWith(wanted)) return [3, 'pinyin']
  // 'san' finds 张三 too, but only from the length of a syllable on: single letters are in every name.
  if (wanted.length > 2 && full.includes(wanted)) return [5, 'pinyin']
  return null
}

function byDoor({ doc }: HouseholdEntry, wanted: string, parts: readonly string[]): Match | null {
  const door = doc.door.toLowerCase()
  if (door === wanted) return [0, 'door']
  if (parts.length > 1 && partsMatch([doc.building, doc.unit, doc.door], parts)) return [1, 'door']
  if (/^[0-9]/.test(wanted) && door.startsWith(wanted)) return [3, 'door']
  if (doc.address.toLowerCase().replace(/\s+/g, '').includes(wanted)) return [5, 'address']
  return null
}

/** `3-2-501`, `3号楼2门501` → 3, 2, 501. */
function doorParts(typed: string): readonly string[] {
  return typed.split(/号楼|号院|单元|[-—–_.\s/#栋座楼门号室]+/).filter((part) => part !== '')
}

/** The typed parts in order from the building, or from the stairwell, with the door's beginning last. */
function partsMatch(held: readonly (string | null | undefined)[], parts: readonly string[]): boolean {
  const names = held.map((each) => (each ?? '').toLowerCase())
  return [names, names.slice(1), [names[0] ?? '', names[2] ?? '']].some(
    (way) =>
      parts.length <= way.length &&
      parts.every((part, index) => (index === way.length - 1 ? (way[index] ?? '').startsWith(part) : way[index] === part)),
  )
}
