import { onMounted, onScopeDispose } from 'vue'

type Keys = Record<'j' | 'k' | 'a' | 'r', () => void>

/** One-key work through the list; never while something is being typed or a sheet is open. */
export function useReviewKeys(keys: Keys, active: () => boolean): void {
  const onKey = (event: KeyboardEvent): void => {
    if (!active() || event.ctrlKey || event.metaKey || event.altKey || isBusy(event.target)) return
    const action = keys[event.key as keyof Keys] as (() => void) | undefined
    if (!action) return
    event.preventDefault()
    action()
  }
  onMounted(() => window.addEventListener('keydown', onKey))
  onScopeDispose(() => window.removeEventListener('keydown', onKey))
}

function isBusy(target: EventTarget | null): boolean {
  if (document.querySelector('dialog[open]')) return true
  return target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)
}
