/**
 * Server-sent events over `fetch`: `EventSource` can neither resume where an earlier one ended nor say that a log-in has
 * expired. Format: the HTML standard, "Server-sent events", 9.2.6.
 */

import { ApiError } from '../errors'
import type { Wire } from '../wire'

const RETRY_MIN_MS = 1_000
const RETRY_MAX_MS = 60_000
/** Heartbeats come each 15 s; silence for longer means that the connection is gone. */
const SILENCE_MS = 45_000

export interface ServerSent {
  readonly id: string
  readonly event: string
  readonly data: string
}

/** Follow `path` until the returned function is called; `listener` gets the parsed data of each `event`. */
export function follow<T>(
  wire: Wire,
  path: string,
  event: string,
  listener: (data: T) => void,
  onState: (connected: boolean) => void = () => undefined,
): () => void {
  const end = new AbortController()
  void run()
  return () => {
    end.abort()
  }

  async function run(): Promise<void> {
    let last = ''
    let failures = 0
    while (!end.signal.aborted) {
      try {
        await once(last, (sent) => {
          if (sent.id !== '') last = sent.id
          if (sent.event === event) listener(JSON.parse(sent.data) as T)
        })
        failures = 0
      } catch (error) {
        if (end.signal.aborted) return
        if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
          onState(false)
          return
        }
        failures++
      }
      onState(false)
      const wait = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** failures) * (0.5 + Math.random() / 2)
      await pause(wait, end.signal)
    }
  }

  async function once(last: string, sent: (each: ServerSent) => void): Promise<void> {
    const connection = new AbortController()
    const abort = () => {
      connection.abort()
    }
    end.signal.addEventListener('abort', abort)
    let silence = setTimeout(abort, SILENCE_MS)
    try {
      const headers: Record<string, string> = last === '' ? {} : { 'Last-Event-ID': last }
      const answer = await wire.raw(path, { accept: 'text/event-stream', headers, signal: connection.signal })
      onState(true)
      const reader = answer.body?.getReader()
      if (!reader) return
      connection.signal.addEventListener('abort', () => void reader.cancel().catch(() => undefined))
      const feed = parser(sent)
      const decoder = new TextDecoder()
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        clearTimeout(silence)
        silence = setTimeout(abort, SILENCE_MS)
        feed(decoder.decode(value, { stream: true }))
      }
    } finally {
      clearTimeout(silence)
      end.signal.removeEventListener('abort', abort)
    }
  }
}

/** Feed it text as it comes, in whatever pieces. */
export function parser(sent: (each: ServerSent) => void): (text: string) => void {
  let rest = ''
  let fields = { id: '', event: 'message', data: [] as string[] }
  return (text) => {
    const lines = (rest + text).split(/\r\n|\n|\r/)
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '') {
        if (fields.data.length > 0) sent({ ...fields, data: fields.data.join('\n') })
        fields = { id: fields.id, event: 'message', data: [] }
        continue
      }
      const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? []
      if (name === 'data') fields.data.push(value)
      else if (name === 'event') fields.event = value
      else if (name === 'id') fields.id = value
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
