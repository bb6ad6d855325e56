import { LIMITS, type Consent, type Household, type HouseholdDraft, type Mark } from '@/engine'
import { t } from '@/locales'

/** The form about one household: text as typed. */
export interface HouseholdFields {
  name: string
  phone: string
  people: string
  marks: Mark[]
  consent: Consent
  no_visit: boolean
  note: string
}

export function fromHousehold(doc: Household): HouseholdFields {
  return {
    name: doc.name ?? '',
    phone: doc.phone ?? '',
    people: typeof doc.people === 'number' ? String(doc.people) : '',
    marks: [...(doc.marks ?? [])],
    consent: doc.consent ?? 'unknown',
    no_visit: doc.no_visit ?? false,
    note: doc.note ?? '',
  }
}

/** What is wrong, by field, in words that say how to mend it. */
export function checkHousehold(fields: HouseholdFields): Partial<Record<keyof HouseholdFields, string>> {
  const people = fields.people.normalize('NFKC').trim()
  const phone = fields.phone.normalize('NFKC').trim()
  return {
    people: people === '' || (/^\d+$/.test(people) && Number(people) <= LIMITS.people) ? '' : t('householdForm.peopleBad'),
    phone: phone === '' || /^[\d+\-() ]{3,20}$/.test(phone) ? '' : t('householdForm.phoneBad'),
  }
}

export function toHousehold(doc: Household, fields: HouseholdFields): HouseholdDraft {
  const people = fields.people.normalize('NFKC').trim()
  const draft: HouseholdDraft = {
    area: doc.area,
    door: doc.door,
    name: fields.name.trim() || null,
    phone: fields.phone.normalize('NFKC').trim() || null,
    people: people === '' ? null : Number(people),
    marks: [...fields.marks],
    consent: fields.consent,
    no_visit: fields.no_visit,
    note: fields.note.trim(),
  }
  if (fields.consent !== (doc.consent ?? 'unknown')) draft.consent_at = new Date().toISOString()
  return draft
}
