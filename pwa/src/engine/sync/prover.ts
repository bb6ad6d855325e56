/** When to prove: after the first round, once a day, with another server, and when asked to. */

import { instant, type Clock } from '../clock'
import type { ProofReport, ProofSnapshot, ProofState } from '../face'
import { Source } from '../observed'
import type { Finding } from './proof'

const DAY_MS = 86_400_000
/** A proof that failed is tried again with a round after this time. */
const RETRY_MS = 3_600_000

/** The last proof as it is kept on the phone. */
export interface Proved extends ProofReport {
  /** The server's identity then. */
  readonly uuid: string
}

export interface ProverPorts {
  readonly now: Clock
  readonly load: () => Promise<Proved | null>
  readonly save: (proved: Proved) => Promise<void>
  /** A round, in which {@link Prover.run} is called; ends when the round has ended. */
  readonly round: () => Promise<unknown>
}

export class Prover implements ProofState {
  readonly #ports: ProverPorts
  readonly #source = new Source<ProofSnapshot>({ phase: 'idle', last: null })
  #uuid: string | null = null
  #asked = false
  #failedAt = -Infinity

  constructor(ports: ProverPorts) {
    this.#ports = ports
  }

  readonly on = this.#source.on

  get state(): ProofSnapshot {
    return this.#source.state
  }

  /** Somebody signed in: what was found last on this phone. */
  async load(): Promise<void> {
    const proved = await this.#ports.load()
    this.#uuid = proved?.uuid ?? null
    this.#failedAt = -Infinity
    this.#source.set({ phase: 'idle', last: proved })
  }

  async check(): Promise<ProofSnapshot> {
    this.#asked = true
    this.#source.set({ ...this.state, phase: 'checking' })
    await this.#ports.round()
    // Still asked for: the round did not get that far.
    if (this.#asked) this.#end({ ...this.state, phase: 'failed' })
    return this.state
  }

  /** Prove with `each` what the server `uuid` holds, if it is time. Never throws: the round was a good one without. */
  async run(uuid: string, each: () => Promise<readonly Finding[]>): Promise<void> {
    if (!this.#due(uuid)) return
    this.#source.set({ ...this.state, phase: 'checking' })
    try {
      const last = { ...summed(await each()), at: instant(this.#ports.now()) }
      await this.#ports.save({ ...last, uuid })
      this.#uuid = uuid
      this.#end({ phase: 'idle', last })
    } catch {
      this.#failedAt = this.#ports.now()
      this.#end({ ...this.state, phase: this.#asked ? 'failed' : 'idle' })
    }
  }

  #due(uuid: string): boolean {
    const { now } = this.#ports
    if (this.#asked) return true
    if (now() - this.#failedAt < RETRY_MS) return false
    const { last } = this.state
    return last === null || uuid !== this.#uuid || Math.abs(now() - Date.parse(last.at)) > DAY_MS
  }

  #end(state: ProofSnapshot): void {
    this.#asked = false
    this.#source.set(state)
  }
}

function summed(findings: readonly Finding[]): Omit<ProofReport, 'at'> {
  const total = (count: (finding: Finding) => number) => findings.reduce((sum, finding) => sum + count(finding), 0)
  return {
    checked: total(({ checked }) => checked),
    unsent: total(({ unsent }) => unsent),
    fetched: total(({ fetched }) => fetched.length),
    again: total(({ again }) => again),
    extra: total(({ extra }) => extra),
    unmended: total(({ unmended }) => unmended),
  }
}
