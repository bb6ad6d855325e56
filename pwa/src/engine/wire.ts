/**
 * Every request to the server goes through here: one place that knows how answers can lie.
 *
 * A stairwell's wireless network may answer with its own log-in page; a proxy with HTML; nothing may ever answer. What
 * comes back from `send` is the server's own JSON, or an error of errors.ts.
 */

import { ApiError, EngineError, NetworkError, PortalError, type FieldError } from './errors'

export type Fetch = (input: string, init?: RequestInit) => Promise<Response>

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly body?: unknown
  readonly timeout?: number
  readonly signal?: AbortSignal | undefined
}

export interface Wire {
  /** The answer's JSON, or null for an empty one. */
  send<T>(path: string, call?: Call): Promise<T>
  /** The raw answer for streams and pictures; errors as for `send`. */
  raw(path: string, call?: Call & { accept?: string; headers?: Record<string, string> }): Promise<Response>
}

export interface WireOptions {
  readonly fetch: Fetch
  /** '' for the page's own origin. */
  readonly base: string
  /** Ends every call under way. */
  readonly closed: AbortSignal
  /** Called at each 401 that is not the answer to a log-in. */
  readonly onUnauthorized: () => void
}

/** PouchDB and `fetch` know no timeout; a connection in a lift hangs for minutes. */
const TIMEOUT_MS = 20_000
const JSON_TYPE = 'application/json'

export function wire({ fetch, base, closed, onUnauthorized }: WireOptions): Wire {
  const checked = async (answer: Response, path: string, accept: string): Promise<Response> => {
    if (answer.ok) {
      if (!accepted(answer, accept)) throw new PortalError(path)
      return answer
    }
    const error = await failure(answer, path)
    if (error instanceof ApiError && error.status === 401 && !path.startsWith('/api/session')) onUnauthorized()
    throw error
  }
  return {
    raw(path, call = {}) {
      const accept = call.accept ?? JSON_TYPE
      return timed(fetch, base + path, call, closed, accept, (answer) => checked(answer, path, accept))
    },
    send<T>(path: string, call: Call = {}) {
      return timed(fetch, base + path, call, closed, JSON_TYPE, async (answer) => {
        const text = await (await checked(answer, path, JSON_TYPE)).text()
        return (text === '' ? null : parse(text)) as T
      })
    },
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // Cut off in the middle.
    throw new NetworkError('unreachable', { cause: error })
  }
}

/** Ask, and use the answer, within the call's time: a body can hang as well as a connection. */
async function timed<T>(
  fetch: Fetch,
  url: string,
  call: Call & { headers?: Record<string, string> },
  closed: AbortSignal,
  accept: string,
  use: (answer: Response) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const abort = () => {
    controller.abort(call.signal?.reason)
  }
  const ends = [closed, ...(call.signal ? [call.signal] : [])]
  for (const signal of ends) {
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
  }
  let late = false
  const timer = setTimeout(() => {
    late = true
    controller.abort()
  }, call.timeout ?? TIMEOUT_MS)
  try {
    const answer = await fetch(url, { ...asked(call, accept), signal: controller.signal })
    return await use(answer)
  } catch (error) {
    if (call.signal?.aborted) throw call.signal.reason
    if (error instanceof EngineError) throw error
    throw new NetworkError(late ? 'timeout' : 'unreachable', { cause: error })
  } finally {
    clearTimeout(timer)
    for (const signal of ends) signal.removeEventListener('abort', abort)
  }
}

function asked(call: Call & { headers?: Record<string, string> }, accept: string): RequestInit {
  const type: Record<string, string> = call.body === undefined ? {} : { 'Content-Type': JSON_TYPE }
  return {
    method: call.method ?? 'GET',
    credentials: 'same-origin',
    cache: 'no-store',
    headers: { Accept: accept, ...type, ...call.headers },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
  }
}

function accepted(answer: Response, accept: string): boolean {
  if (answer.status === 204) return true
  const type = answer.headers.get('Content-Type') ?? ''
  return type.split(';')[0]?.trim() === accept || (accept === JSON_TYPE && type.includes('json'))
}

interface Problem {
  title?: string
  detail?: string
  errors?: FieldError[]
  error?: string
  reason?: string
}

async function failure(answer: Response, path: string): Promise<ApiError | PortalError> {
  const json = (answer.headers.get('Content-Type') ?? '').includes('json')
  const problem = json ? ((await answer.json().catch(() => ({}))) as Problem) : {}
  const wait = Number.parseInt(answer.headers.get('Retry-After') ?? '', 10)
  // A proxy in front of a stopped server answers 502 to 504 with HTML: that is the server's trouble, not a portal's.
  if (!json && answer.status < 500 && answer.status !== 429) return new PortalError(path)
  return new ApiError(
    answer.status,
    problem.title ?? problem.error ?? answer.statusText,
    problem.detail ?? problem.reason ?? '',
    problem.errors ?? [],
    Number.isFinite(wait) ? wait : null,
  )
}
