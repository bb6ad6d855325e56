/**
 * What the engine throws on purpose.
 *
 *     EngineError
 *     ├── ApiError       the server answered, and said no
 *     ├── NetworkError   no answer: no network, or not in time
 *     ├── PortalError    something other than our server answered
 *     ├── UnsentError    signing out would lose what is not uploaded
 *     ├── FrozenError    the record may no longer be changed
 *     └── MissingError   no such record on this phone
 *
 * Messages are for logs and tests; the interface words them itself, except `ApiError.detail`, which the server wrote
 * for the user.
 */

export class EngineError extends Error {
  override readonly name: string = 'EngineError'
}

export interface FieldError {
  readonly field: string
  readonly message: string
}

export class ApiError extends EngineError {
  override readonly name = 'ApiError'

  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly errors: readonly FieldError[] = [],
    /** Seconds to wait before the next try, where the server said so. */
    readonly retryAfter: number | null = null,
  ) {
    super(`${status.toString()} ${title}: ${detail}`)
  }
}

export class NetworkError extends EngineError {
  override readonly name = 'NetworkError'

  constructor(readonly reason: 'unreachable' | 'timeout', options?: ErrorOptions) {
    super(`the server is ${reason}`, options)
  }
}

export class PortalError extends EngineError {
  override readonly name = 'PortalError'

  constructor(readonly url: string) {
    super('the answer did not come from the server')
  }
}

export class UnsentError extends EngineError {
  override readonly name = 'UnsentError'

  constructor(readonly count: number) {
    super(`${count.toString()} documents are not uploaded`)
  }
}

export class FrozenError extends EngineError {
  override readonly name = 'FrozenError'

  constructor(readonly id: string) {
    super(`${id} may no longer be changed`)
  }
}

export class MissingError extends EngineError {
  override readonly name = 'MissingError'

  constructor(readonly id: string) {
    super(`${id} is not on this phone`)
  }
}
