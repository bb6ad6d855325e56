import { addDays } from '@/composables/dates'
import type { AreaNode, Outcome, ReviewState, VisitFilter, VisitRow } from '@/engine'

export const DATES = ['', 'today', 'd7', 'd30'] as const
export type DateChoice = (typeof DATES)[number]

/** The chips as chosen; an empty choice means all. */
export interface Chosen {
  area: string
  date: DateChoice
  outcome: Outcome | ''
  state: ReviewState | ''
  q: string
}

// A district has hundreds of buildings; beyond this many entries a list of areas is no longer read.
const LISTED_AREAS = 200

export function emptyChoice(): Chosen {
  return { area: '', date: '', outcome: '', state: 'pending', q: '' }
}

/** The chips in the words of the API. */
export function toFilter(chosen: Chosen, today: string): VisitFilter {
  const filter: VisitFilter = {}
  if (chosen.area) filter.area = chosen.area
  if (chosen.outcome) filter.outcome = chosen.outcome
  if (chosen.state) filter.state = chosen.state
  if (chosen.q.trim()) filter.q = chosen.q.trim()
  const from = firstDay(chosen.date, today)
  if (from) filter.from = from
  return filter
}

function firstDay(date: DateChoice, today: string): string {
  if (date === 'today') return today
  if (date === 'd7') return addDays(today, -6)
  return date === 'd30' ? addDays(today, -29) : ''
}

/** The areas to choose from, in the tree's order and indented; the lowest levels are left out where there are too many. */
export function areaOptions(areas: readonly AreaNode[]): { id: string; label: string }[] {
  const levels: AreaNode['kind'][][] = [['district', 'street', 'community', 'building', 'door'], ['district', 'street', 'community', 'building'], ['district', 'street', 'community']]
  const kinds = levels.find((kept) => areas.filter((area) => kept.includes(area.kind)).length <= LISTED_AREAS) ?? ['district', 'street']
  const children = new Map<string | null, AreaNode[]>()
  for (const area of areas) children.set(area.parent, [...(children.get(area.parent) ?? []), area])
  const known = new Set(areas.map((area) => area.id))
  const roots = areas.filter((area) => area.parent === null || !known.has(area.parent))
  const options: { id: string; label: string }[] = []
  const walk = (area: AreaNode, depth: number): void => {
    if (!kinds.includes(area.kind)) return
    options.push({ id: area.id, label: `${'　'.repeat(depth)}${area.name}` })
    for (const child of children.get(area.id) ?? []) walk(child, depth + 1)
  }
  for (const root of roots) walk(root, 0)
  return options
}

/** A visit that asks for no decision: nothing was written, asked for, photographed or promised. */
export function isPlain(row: VisitRow): boolean {
  return row.state === 'pending' && row.needs.length === 0 && row.note === '' && row.photos.length === 0 && row.followup === null
}
