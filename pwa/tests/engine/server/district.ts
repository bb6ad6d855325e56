/** The real server in a process of its own, and browsers for it: a `fetch` with a cookie jar that can lose its network. */

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Fetch } from '../../../src/engine/wire'

const ROOT = path.resolve(process.cwd(), '..')
const PYTHON = process.env.BAIJIAMEN_PYTHON ?? path.join(ROOT, '.venv/bin/python')

export const PASSWORD = 'winter-plum-22'

/** Why the tests against the server cannot run here; null when they can. */
export const missing = existsSync(PYTHON) ? null : `no Python environment at ${PYTHON}`

export interface District {
  readonly base: string
  command(line: string): Promise<void>
  stop(): Promise<void>
}

export async function startDistrict(): Promise<District> {
  const script = path.join(ROOT, 'pwa/tests/engine/server/district.py')
  const child = spawn(PYTHON, [script], { cwd: ROOT, env: { ...process.env, PYTHONPATH: ROOT }, stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const line = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error('the server ended')
    return String(value)
  }
  const port = await line()
  return {
    base: `http://127.0.0.1:${port}`,
    async command(text) {
      child.stdin.write(`${text}\n`)
      await line()
    },
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.stdin.end('quit\n')
      await ended
    },
  }
}

export interface Browser {
  readonly fetch: Fetch
  /** Requests so far: method and path. */
  readonly log: string[]
  /** What answers instead of the network; null for the server itself. */
  between: ((path: string) => Response | Error | null) | null
}

export function browser(): Browser {
  let cookie = ''
  const state: Browser = { fetch: (url, init = {}) => ask(url, init), log: [], between: null }
  return state

  async function ask(url: string, init: RequestInit): Promise<Response> {
    init.signal?.throwIfAborted()
    const { pathname, search, origin } = new URL(url)
    state.log.push(`${init.method ?? 'GET'} ${pathname}${search}`)
    const instead = state.between?.(pathname) ?? null
    if (instead instanceof Error) throw instead
    if (instead) return instead
    const headers = { ...(init.headers as Record<string, string>), cookie, origin, 'sec-fetch-site': 'same-origin' }
    return new Promise((resolve, reject) => {
      const request = http.request(url, { method: init.method ?? 'GET', headers }, (answer) => {
        const set = answer.headers['set-cookie']?.[0]?.split(';')[0]
        if (set) cookie = set
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (chunk: string) => {
          text += chunk
        })
        answer.on('error', reject)
        answer.on('end', () => {
          const status = answer.statusCode ?? 0
          const body = status === 204 ? null : text
          const kept = Object.entries(answer.headers).map(([name, value]) => [name, String(value)] as [string, string])
          resolve(new Response(body, { status, headers: Object.fromEntries(kept) }))
        })
      })
      request.on('error', reject)
      init.signal?.addEventListener('abort', () => {
        request.destroy()
        reject(new DOMException('aborted', 'AbortError'))
      })
      request.end(init.body as string | undefined)
    })
  }
}
