import { computed, type ComputedRef } from 'vue'
import { doorChoices, type DoorChoice } from '@/features/buildings/areaNames'
import { useLibrary, useSession } from './useEngine'
import { useRemembered } from './useRemembered'

interface Door {
  choices: ComputedRef<DoorChoice[]>
  /** The chosen door; the only one there is needs no choosing; null until one is chosen. */
  door: ComputedRef<DoorChoice | null>
  choose: (id: string) => void
}

/** The stairwell that a visitor works in: chosen once, remembered on this phone. */
export function useDoor(): Door {
  const session = useSession()
  const areas = useLibrary((library) => library.areas())
  const remembered = useRemembered('door', '')
  const choices = computed(() => doorChoices(areas.value, session.value.areas))
  const door = computed(() => {
    const found = choices.value.find((choice) => choice.id === remembered.value)
    return found ?? (choices.value.length === 1 ? (choices.value[0] ?? null) : null)
  })
  return {
    choices,
    door,
    choose(id) {
      remembered.value = id
    },
  }
}
