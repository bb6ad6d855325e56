/** Who is signed in on this phone. Kept locally, so that a cold start with no network knows it too. */

import type { AccountAnswer } from './api/types'
import { ApiError, UnsentError } from './errors'
import type { AreaNode, SessionState, SessionStore } from './face'
import type { KeptStore } from './local/store'
import { Source } from './observed'
import type { Wire } from './wire'

const KEY = 'session'
/** A sign-out with no network: the server is told at the next contact. */
const OWED = 'session/owed'
/** The account whose data is being removed: finished at the next start if this one is killed in the middle. */
const LEAVING = 'session/leaving'
const SIGNED_OUT: SessionState = { phase: 'signed-out', account: null, grants: [], areas: [] }
const SIGN_OUT_TIMEOUT_MS = 4_000

export interface SessionPorts {
  readonly kept: KeptStore
  readonly wire: Wire
  readonly unsent: () => number
  /** The state names an account now: open what is its own. Called again when its grants changed. */
  readonly entered: (state: SessionState) => Promise<void>
  /** Close what is this account's; with `destroy`, remove it from this phone. */
  readonly left: (account: string, destroy: boolean) => Promise<void>
  /** Somebody signed in or out here: other tabs are to know. */
  readonly changed: () => void
}

export class LocalSession implements SessionStore {
  readonly #ports: SessionPorts
  readonly #source: Source<SessionState>
  readonly on: SessionStore['on']

  private constructor(ports: SessionPorts, state: SessionState) {
    this.#ports = ports
    this.#source = new Source(state)
    this.on = this.#source.on
  }

  static async open(ports: SessionPorts): Promise<LocalSession> {
    const leaving = await ports.kept.get<string>(LEAVING)
    if (leaving !== undefined) {
      await ports.left(leaving, true)
      await ports.kept.delete(LEAVING)
    }
    return new LocalSession(ports, (await ports.kept.get<SessionState>(KEY)) ?? SIGNED_OUT)
  }

  get state(): SessionState {
    return this.#source.state
  }

  get supervises(): boolean {
    const { account, grants } = this.state
    return account?.admin === true || grants.some((grant) => grant.role === 'supervisor')
  }

  get visits(): boolean {
    return this.visited().length > 0
  }

  /** Ids of the areas that are kept on this phone; one that lies within another is not kept twice. */
  visited(): readonly string[] {
    const visitor = this.state.grants.filter((grant) => grant.role === 'visitor').map((grant) => grant.area)
    const ids = new Set(visitor.map((area) => area.id))
    return [...new Set(visitor.filter((area) => !area.path.some((id) => id !== area.id && ids.has(id))).map((area) => area.id))]
  }

  async signIn(name: string, password: string): Promise<void> {
    await this.#enter(await this.#ports.wire.send('/api/session', { method: 'POST', body: { name, password } }))
  }

  async setup(token: string, name: string, displayName: string, password: string): Promise<void> {
    const body = { token, name, display_name: displayName, password }
    await this.#ports.wire.send('/api/setup', { method: 'POST', body })
    await this.signIn(name, password)
  }

  async changePassword(old: string, next: string): Promise<void> {
    await this.#ports.wire.send('/api/account/password', { method: 'POST', body: { old, new: next } })
  }

  async signOut({ discardUnsent = false }: { discardUnsent?: boolean } = {}): Promise<void> {
    this.#mayLeave(discardUnsent)
    await this.#ports.kept.set(OWED, true)
    await this.settleDebt()
    await this.#leave()
  }

  async signOutEverywhere({ discardUnsent = false }: { discardUnsent?: boolean } = {}): Promise<void> {
    this.#mayLeave(discardUnsent)
    await this.#ports.wire.send('/api/session/all', { method: 'DELETE' })
    await this.#leave()
  }

  /** Ask the server who this is and what is granted; 401 makes the session expire, and nothing else does. */
  async refresh(signal?: AbortSignal): Promise<void> {
    try {
      const answer = await this.#ports.wire.send<AccountAnswer>('/api/session', { signal })
      if (answer.account.name !== this.state.account?.name) {
        // The cookie became another account's, in another tab perhaps: this one's records must not go up under it.
        await this.expire()
        return
      }
      await this.#enter(answer)
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 401)) throw error
      await this.expire()
    }
  }

  async expire(): Promise<void> {
    if (this.state.phase !== 'signed-in') return
    await this.#set({ ...this.state, phase: 'expired' })
  }

  /** End the server's session of a sign-out made with no network. Quietly: it is tried again at the next start. */
  async settleDebt(): Promise<void> {
    if ((await this.#ports.kept.get(OWED)) !== true) return
    try {
      await this.#ports.wire.send('/api/session', { method: 'DELETE', timeout: SIGN_OUT_TIMEOUT_MS })
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 401)) return
    }
    await this.#ports.kept.delete(OWED)
  }

  async #enter(answer: AccountAnswer): Promise<void> {
    const before = this.state
    const areas = await this.#areas(answer)
    if (before.account && before.account.name !== answer.account.name) await this.#ports.left(before.account.name, false)
    await this.#ports.kept.delete(OWED)
    const next: SessionState = { phase: 'signed-in', account: answer.account, grants: answer.grants, areas }
    if (JSON.stringify(next) === JSON.stringify(before)) return
    await this.#set(next)
    await this.#ports.entered(next)
    if (before.phase !== next.phase || before.account?.name !== next.account?.name) this.#ports.changed()
  }

  /** Another tab signed in or out: this one is the same person's. */
  async adopt(): Promise<void> {
    const next = (await this.#ports.kept.get<SessionState>(KEY)) ?? SIGNED_OUT
    const before = this.state.account
    if (before && before.name !== next.account?.name) await this.#ports.left(before.name, false)
    this.#source.set(next)
    if (next.account) await this.#ports.entered(next)
  }

  async #areas({ grants }: AccountAnswer): Promise<readonly AreaNode[]> {
    const { areas } = await this.#ports.wire.send<{ areas: AreaNode[] }>('/api/areas').catch((error: unknown) => {
      // The way from each granted area up is in the grants: enough to go on with.
      if (error instanceof ApiError && error.status >= 500) return { areas: grants.map(({ area }) => area) }
      throw error
    })
    return areas
  }

  #mayLeave(discardUnsent: boolean): void {
    const count = this.#ports.unsent()
    if (count > 0 && !discardUnsent) throw new UnsentError(count)
  }

  async #leave(): Promise<void> {
    const name = this.state.account?.name
    if (name === undefined) return
    await this.#ports.kept.set(LEAVING, name)
    await this.#ports.kept.delete(KEY)
    this.#ports.changed()
    await this.#ports.left(name, true)
    await this.#ports.kept.delete(LEAVING)
    this.#source.set(SIGNED_OUT)
  }

  async #set(state: SessionState): Promise<void> {
    await this.#ports.kept.set(KEY, state)
    this.#source.set(state)
  }
}
