const HOLD_MS = 480
const SLIP_PX = 12

interface Presses {
  onPointerdown: (event: PointerEvent) => void
  onPointermove: (event: PointerEvent) => void
  onPointerup: () => void
  onPointercancel: () => void
  onContextmenu: (event: Event) => void
  onClick: (event: Event) => void
}

/** Handlers that tell a tap from a long press; a scroll is neither. Keyboards click, and have the context-menu key for the long press. */
export function useLongPress(tap: () => void, hold: () => void): Presses {
  let timer: ReturnType<typeof setTimeout> | undefined
  let held = false
  let start = { x: 0, y: 0 }

  const cancel = (): void => clearTimeout(timer)
  return {
    onPointerdown(event) {
      held = false
      start = { x: event.clientX, y: event.clientY }
      cancel()
      if (event.button !== 0) return
      timer = setTimeout(() => {
        held = true
        hold()
      }, HOLD_MS)
    },
    onPointermove(event) {
      if (Math.hypot(event.clientX - start.x, event.clientY - start.y) > SLIP_PX) cancel()
    },
    onPointerup: cancel,
    onPointercancel: cancel,
    onContextmenu(event) {
      event.preventDefault()
      cancel()
      if (!held) {
        held = true
        hold()
      }
    },
    onClick(event) {
      cancel()
      if (held) event.preventDefault()
      else tap()
      held = false
    },
  }
}
