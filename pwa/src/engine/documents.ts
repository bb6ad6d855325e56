/** The documents as the phone holds them: the server's models with the identifiers that PouchDB adds. */

import type { AnyDocument, Followup, Household, Photo, Review, Visit } from './documents.generated'

export type { AnyDocument, Followup, Household, Photo, Review, Visit }

/** A document as stored on the phone: the winner, with the revisions that lost to it (kept, never thrown away). */
export type Stored<T extends AnyDocument = AnyDocument> = T & {
  readonly _rev: string
  readonly _conflicts?: readonly string[]
}

export type DocumentType = AnyDocument['type']
export type Outcome = Visit['outcome']
export type Mark = NonNullable<Household['marks']>[number]
export type Consent = NonNullable<Household['consent']>
export type FollowupState = NonNullable<Followup['state']>

/** In the order in which the six buttons stand. */
export const OUTCOMES: readonly Outcome[] = ['met', 'no_answer', 'come_back', 'declined', 'moved', 'vacant']
export const MARKS: readonly Mark[] = ['alone', 'elder', 'ill', 'disabled', 'bereaved', 'child', 'poor']

/** Limits of the server's models, so that a form can say so before the server has to. */
export const LIMITS = {
  visitNote: 2000,
  householdNote: 1000,
  needs: 12,
  need: 20,
  photos: 6,
  followupWhy: 200,
  reviewNote: 500,
  name: 40,
  phone: 20,
  address: 120,
  people: 30,
} as const

/** What an id says of its document's type: `visit:01J…` → `visit`. */
export function typeOf(id: string): DocumentType {
  return id.slice(0, id.indexOf(':')) as DocumentType
}

/** The household that a document is about, or is. */
export function householdOf(document: AnyDocument): string | null {
  if (document.type === 'household') return document._id
  return document.type === 'review' ? null : document.household
}
