/** The REST face of the server as the engine's client offers it: the wire's own names. */

import type { AreaNode } from '../face'
import type { Followup, Household, Outcome } from '../documents'

export interface Account {
  readonly name: string
  readonly display_name: string
  readonly admin: boolean
}

export interface GrantedArea {
  readonly id: string
  readonly name: string
  readonly kind: AreaNode['kind']
  readonly parent: string | null
  /** Ids from the root down to the area itself. */
  readonly path: readonly string[]
  readonly path_names: readonly string[]
}

export interface Grant {
  readonly role: 'visitor' | 'supervisor'
  readonly area: GrantedArea
}

export interface AccountAnswer {
  readonly account: Account
  readonly grants: readonly Grant[]
}

export type ReviewState = 'pending' | 'approved' | 'returned'

export interface VisitRow {
  readonly id: string
  readonly rev: string
  readonly area: { readonly id: string; readonly name: string }
  readonly household: { readonly id: string; readonly address: string; readonly name: string | null }
  readonly by: { readonly name: string; readonly display_name: string }
  readonly at: string
  readonly received_at: string
  readonly outcome: Outcome
  readonly needs: readonly string[]
  readonly note: string
  readonly card_left: boolean
  readonly photos: readonly string[]
  readonly followup: { readonly id: string; readonly due: string; readonly state: Followup['state'] } | null
  readonly state: ReviewState
  readonly review: { readonly state: 'approved' | 'returned'; readonly note: string; readonly by: string; readonly at: string } | null
}

export interface VisitDetail extends Omit<VisitRow, 'household'> {
  readonly history: readonly VisitRow[]
  /** In full, as its area may see it. */
  readonly household: VisitRow['household'] & Partial<Omit<Household, 'address' | 'name'>>
  readonly revisions: readonly { readonly rev: string; readonly at: string; readonly by: string; readonly losing: boolean }[]
}

export interface VisitPage {
  readonly items: readonly VisitRow[]
  readonly next: string | null
  readonly counts: Readonly<Record<ReviewState, number>>
}

export interface VisitFilter {
  area?: string
  /** First day, `YYYY-MM-DD`. */
  from?: string
  /** Last day, included. */
  to?: string
  outcome?: Outcome
  state?: ReviewState
  by?: string
  q?: string
  limit?: number
  cursor?: string
}

export interface ApprovalResult {
  readonly id: string
  readonly ok: boolean
  readonly detail?: string
}

export interface VisitEvent {
  readonly id: string
  readonly seq: number
  readonly state: ReviewState | 'deleted'
}

export interface Reminder {
  readonly id: string
  readonly kind: 'followup_due' | 'followup_late' | 'digest' | 'visit_returned'
  readonly title: string
  readonly body: string
  readonly due: string | null
  readonly household: string | null
  readonly followup: string | null
  readonly visit: string | null
  readonly at: string
  readonly read_at: string | null
}

export interface Refusal {
  readonly id: string
  readonly doc_id: string
  readonly type: string
  readonly reason: string
  readonly at: string
  readonly state: 'waiting' | 'mended' | 'discarded'
  readonly body: Readonly<Record<string, unknown>>
}

/**
 * All methods throw `ApiError` (the server's answer, with its Chinese `detail`), `NetworkError` (no answer in time) or
 * `PortalError` (something else answered); a 401 turns the session `expired` as well.
 */
export interface Api {
  readonly visits: {
    list(filter?: VisitFilter, signal?: AbortSignal): Promise<VisitPage>
    get(id: string, signal?: AbortSignal): Promise<VisitDetail>
    /** 409 where `rev` is no longer current: read it again. */
    approve(id: string, rev: string): Promise<VisitRow>
    return(id: string, rev: string, note: string): Promise<VisitRow>
    approveMany(items: readonly { id: string; rev: string }[]): Promise<readonly ApprovalResult[]>
    /** Live changes; reconnects by itself and resumes where it was. `onState(false)` while it is cut off. */
    events(listener: (event: VisitEvent) => void, onState?: (connected: boolean) => void): () => void
  }
  readonly areas: {
    list(options?: { under?: string; depth?: number }): Promise<readonly AreaNode[]>
  }
  readonly reminders: {
    list(state?: 'unread' | 'all'): Promise<readonly Reminder[]>
    read(id: string): Promise<void>
  }
  readonly photos: {
    url(id: string): string
    thumbnail(id: string): string
  }
  readonly refusals: {
    list(): Promise<readonly Refusal[]>
    discard(id: string): Promise<void>
  }
  readonly households: {
    /** Leave the audit line that somebody looked; queued silently away where there is no network. */
    looked(id: string, field: 'phone'): Promise<void>
  }
}
