import { readonly, ref, type Ref } from 'vue'

const household = ref<string | null>(null)

/** Which household is being recorded: the sheet lies over whatever page asked for it. */
export function useRecording(): { household: Readonly<Ref<string | null>>; open: (id: string) => void; close: () => void } {
  return {
    household: readonly(household),
    open(id) {
      household.value = id
    },
    close() {
      household.value = null
    },
  }
}
