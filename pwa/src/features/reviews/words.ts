import type { VisitRow } from '@/engine'
import { t } from '@/locales'

export const STATE_TONES = { pending: 'warn', approved: 'good', returned: 'alert' } as const

/** Where and who, as the list shows it. */
export function householdOf(row: Pick<VisitRow, 'household'>): string {
  return [row.household.address, row.household.name].filter(Boolean).join(' ')
}

/** What was said, on one line. */
export function saidIn(row: VisitRow): string {
  const parts = [row.needs.join('、'), row.note]
  if (row.photos.length) parts.push(t('household.photos', { n: row.photos.length }))
  return parts.filter(Boolean).join(' · ')
}

/** One row for a screen reader. */
export function sayRow(row: VisitRow): string {
  return t('reviews.open', { household: householdOf(row), outcome: t(`outcomes.${row.outcome}`), by: row.by.display_name, state: t(`household.state.${row.state}`) })
}
