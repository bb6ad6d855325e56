import { readonly, shallowRef } from 'vue'

const SHOWN_MS = 3_000

export interface Flash {
  text: string
  undo?: () => Promise<void>
}

const current = shallowRef<Flash | null>(null)
let timer: ReturnType<typeof setTimeout> | undefined

function dismiss(): void {
  clearTimeout(timer)
  current.value = null
}

/** One short line above the tabs that says what was done, for three seconds, and can take it back. */
export function useFlash(): { current: typeof current; say: (flash: Flash) => void; dismiss: () => void } {
  return {
    current: readonly(current) as typeof current,
    say(flash) {
      clearTimeout(timer)
      current.value = flash
      timer = setTimeout(dismiss, SHOWN_MS)
    },
    dismiss,
  }
}
