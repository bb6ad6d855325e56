import { watch, type Ref } from 'vue'
import { useRemembered } from './useRemembered'

export const TEXT_SIZES = ['100', '125', '150', '200'] as const
export type TextSize = (typeof TEXT_SIZES)[number]

let size: Ref<string> | undefined

/** The size of all text, in per cent of what the system asks for; applied to the page at once. */
export function useTextSize(): Ref<string> {
  if (!size) {
    size = useRemembered('text-size', '100')
    watch(size, applySize, { immediate: true })
  }
  return size
}

function applySize(value: string): void {
  const known = (TEXT_SIZES as readonly string[]).includes(value)
  document.documentElement.style.fontSize = known && value !== '100' ? `${value}%` : ''
}
