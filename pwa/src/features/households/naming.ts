import type { Household, HouseholdEntry } from '@/engine'
import { t } from '@/locales'

// The surnames of two characters that are met with; all others are one.
const DOUBLE = new Set(['欧阳', '司马', '上官', '诸葛', '东方', '皇甫', '尉迟', '公孙', '慕容', '令狐', '夏侯', '司徒', '长孙', '宇文', '端木', '南宫'])
const natural = new Intl.Collator('zh-CN', { numeric: true })

/** The surname, as far as a cell of the building view has room. */
export function surnameOf(name: string | null | undefined): string {
  if (!name) return ''
  const two = name.slice(0, 2)
  return DOUBLE.has(two) ? two : name.slice(0, 1)
}

/** Where it is, in the register's words. */
export function placeOf(household: Pick<Household, 'address' | 'door'>): string {
  return household.address || household.door
}

/** Where and who, for a heading or a label. */
export function sayHousehold(household: Pick<Household, 'address' | 'door' | 'name'> | null): string {
  if (!household) return t('today.unknownHousehold')
  return household.name ? `${placeOf(household)} ${household.name}` : placeOf(household)
}

/** A phone number that a glance over the shoulder does not give away. */
export function maskPhone(phone: string): string {
  const shown = phone.trim()
  if (shown.length >= 7) return `${shown.slice(0, 3)}****${shown.slice(-4)}`
  return '*'.repeat(Math.max(shown.length - 2, 0)) + shown.slice(-2)
}

/** The order of a walk: building by building, entrance by entrance, from the top floor down, along the doors. */
export function walkOrder(a: Household, b: Household): number {
  return (
    natural.compare(a.building ?? '', b.building ?? '') ||
    natural.compare(a.unit ?? '', b.unit ?? '') ||
    (b.floor ?? -100) - (a.floor ?? -100) ||
    natural.compare(a.door, b.door)
  )
}

/** Cells and cards ask for a door's number and name in the same words. */
export function doorAndName(entry: HouseholdEntry): { door: string; name: string } {
  return { door: entry.doc.door, name: entry.doc.name ?? t('building.noName') }
}
