import { ref, watch, type Ref } from 'vue'

/** A small choice of this phone (a door, a text size) that outlives the page. Nothing about residents is kept this way. */
export function useRemembered(key: string, initial: string): Ref<string> {
  const name = `baijiamen.${key}`
  const value = ref(readItem(name) ?? initial)
  watch(value, (next) => writeItem(name, next), { flush: 'sync' })
  return value
}

function readItem(name: string): string | null {
  try {
    return localStorage.getItem(name)
  } catch {
    // Private windows may forbid it; the choice then lasts as long as the page.
    return null
  }
}

function writeItem(name: string, value: string): void {
  try {
    localStorage.setItem(name, value)
  } catch {
    // As above.
  }
}
