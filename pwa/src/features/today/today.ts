import { addDays } from '@/composables/dates'
import type { FollowupEntry } from '@/engine'
import { walkOrder } from '@/features/households/naming'

export interface DayPlan {
  /** Due today or late, in the order of the walk. */
  due: FollowupEntry[]
  /** How many of them are late. */
  late: number
  /** Promised for the coming seven days, nearest first. */
  week: FollowupEntry[]
}

const WEEK_DAYS = 7

/** What is to be done on a day, from all open promises. */
export function planOf(open: readonly FollowupEntry[], today: string): DayPlan {
  const due = open.filter((entry) => entry.doc.due <= today).sort(inWalkingOrder)
  const horizon = addDays(today, WEEK_DAYS)
  const week = open
    .filter((entry) => entry.doc.due > today && entry.doc.due <= horizon)
    .sort((a, b) => a.doc.due.localeCompare(b.doc.due) || inWalkingOrder(a, b))
  return { due, late: due.filter((entry) => entry.doc.due < today).length, week }
}

function inWalkingOrder(a: FollowupEntry, b: FollowupEntry): number {
  if (a.household && b.household) return walkOrder(a.household, b.household)
  // What is not on the phone yet comes last.
  return Number(a.household === null) - Number(b.household === null)
}
