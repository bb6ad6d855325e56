import { LIMITS, type FollowupDraft, type FollowupEntry, type HouseholdEntry, type Library, type Outcome, type ShrunkPhoto, type VisitDraft } from '@/engine'
import { addDays } from '@/composables/dates'
import { list } from '@/locales'

/** What the form about one visit holds, and what a draft keeps. */
export interface VisitFields {
  outcome: Outcome
  needs: string[]
  note: string
  card_left: boolean
  photos: ShrunkPhoto[]
  /** The day of the promised follow-up. */
  due: string | null
  why: string
  /** Ids of open promises that this visit fulfils. */
  completes: string[]
  /** The resident asks not to be visited again. */
  no_visit: boolean
}

/** These are saved with one tap and can be taken back; the others open the form. */
export const AT_ONCE: readonly Outcome[] = ['no_answer', 'moved', 'vacant']
const SOON_DAYS = 3
const OFFERED_NEEDS = 10

export function emptyFields(outcome: Outcome): VisitFields {
  return { outcome, needs: [], note: '', card_left: false, photos: [], due: null, why: '', completes: [], no_visit: false }
}

/** What a tap on an outcome means for the rest of the form. */
export function withOutcome(fields: VisitFields, outcome: Outcome, entry: HouseholdEntry, today: string): VisitFields {
  const due = outcome === 'come_back' ? (fields.due ?? addDays(today, SOON_DAYS)) : fields.due
  return { ...fields, outcome, due, completes: fulfilledBy(outcome, entry.followups) }
}

/** Which open promises a visit settles unless the visitor says otherwise. Nobody at home settles nothing. */
function fulfilledBy(outcome: Outcome, open: readonly FollowupEntry[]): string[] {
  if (outcome === 'no_answer') return []
  if (outcome === 'come_back') return open.filter((entry) => entry.days <= 0).map((entry) => entry.id)
  if (outcome === 'met') return open.filter((entry) => entry.days <= SOON_DAYS).map((entry) => entry.id)
  return open.map((entry) => entry.id)
}

/** True where something was typed or chosen that would be a pity to lose. */
export function isWorthKeeping(fields: VisitFields): boolean {
  return fields.needs.length > 0 || fields.note.trim() !== '' || fields.photos.length > 0 || fields.card_left || fields.why.trim() !== ''
}

/** What the records keep of the form; each outcome only what was asked for it. */
export function toDraft(household: string, fields: VisitFields): VisitDraft {
  const met = fields.outcome === 'met'
  return {
    household,
    outcome: fields.outcome,
    needs: met ? [...fields.needs] : [],
    note: fields.note.trim(),
    card_left: fields.card_left,
    photos: [...fields.photos],
    followup: met || fields.outcome === 'come_back' ? promiseOf(fields) : null,
    completes: [...fields.completes],
  }
}

/** The promise that the form makes; the needs are the reason where none was written. */
export function promiseOf(fields: VisitFields): FollowupDraft | null {
  if (fields.due === null) return null
  const why = (fields.why.trim() || fields.needs.join('、')).slice(0, LIMITS.followupWhy)
  return why ? { due: fields.due, why } : { due: fields.due }
}

/** The needs to offer: what this stairwell asked for most, then the usual ones. */
export function offeredNeeds(library: Library, area: string): string[] {
  const counts = new Map<string, number>()
  for (const entry of library.households(area)) {
    for (const need of entry.lastMet?.doc.needs ?? []) counts.set(need, (counts.get(need) ?? 0) + 1)
  }
  const asked = [...counts].sort(([, a], [, b]) => b - a).map(([need]) => need)
  return [...new Set([...asked, ...list('needs.common')])].slice(0, OFFERED_NEEDS)
}
