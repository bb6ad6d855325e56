import { flushPromises } from '@vue/test-utils'
import { afterEach } from 'vitest'
import type { App } from 'vue'
import { createMemoryHistory } from 'vue-router'
import { useFlash } from '@/composables/useFlash'
import { useRecording } from '@/composables/useRecording'
import { mountApplication } from '@/mount'
import { fakeEngine, type FakeEngine, type FakeOptions } from './fake/engine'

let app: App | undefined

afterEach(() => {
  app?.unmount()
  app = undefined
  useRecording().close()
  useFlash().dismiss()
  document.body.innerHTML = ''
  localStorage.clear()
})

/** The whole application on a fake engine, opened at a page; counts the taps made in it. */
export class Screen {
  taps = 0

  private constructor(readonly engine: FakeEngine) {}

  static async open(path: string, options: FakeOptions = {}, prepare?: (engine: FakeEngine) => void): Promise<Screen> {
    const engine = fakeEngine(options)
    prepare?.(engine)
    const root = document.createElement('div')
    document.body.append(root)
    const history = createMemoryHistory()
    history.replace(path)
    app = mountApplication(engine, history, root)
    const screen = new Screen(engine)
    await screen.settle()
    return screen
  }

  async settle(): Promise<void> {
    for (let round = 0; round < 4; round++) await flushPromises()
  }

  get text(): string {
    return document.body.textContent ?? ''
  }

  all(selector: string): HTMLElement[] {
    return [...document.querySelectorAll<HTMLElement>(selector)]
  }

  /** The one element of a role that has this accessible name, or whose name starts so. */
  find(role: 'button' | 'link' | 'switch', name: string): HTMLElement {
    const selector = { button: 'button:not([role])', link: 'a', switch: '[role=switch]' }[role]
    const named = this.all(selector).filter((element) => nameOf(element).startsWith(name))
    const exact = named.filter((element) => nameOf(element) === name)
    const found = exact[0] ?? named[0]
    if (!found) throw new Error(`no ${role} is called ${name}; there are: ${this.all(selector).map(nameOf).join(' | ')}`)
    return found
  }

  has(role: 'button' | 'link' | 'switch', name: string): boolean {
    try {
      this.find(role, name)
      return true
    } catch {
      return false
    }
  }

  async tap(role: 'button' | 'link' | 'switch', name: string): Promise<void> {
    this.find(role, name).click()
    this.taps += 1
    await this.settle()
  }

  async type(label: string, text: string): Promise<void> {
    const found = this.all('label').find((one) => (one.textContent ?? '').trim().startsWith(label))
    const field = found && document.getElementById(found.getAttribute('for') ?? '')
    if (!(field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement)) throw new Error(`no field is called ${label}`)
    field.value = text
    field.dispatchEvent(new Event('input', { bubbles: true }))
    await this.settle()
  }
}

function nameOf(element: HTMLElement): string {
  return (element.getAttribute('aria-label') ?? element.textContent ?? '').replace(/\s+/g, ' ').trim()
}
