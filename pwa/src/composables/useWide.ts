import { onScopeDispose, ref, type Ref } from 'vue'

const WIDE = '(min-width: 900px)'

/** True where the window is wide enough for a table beside its detail. */
export function useWide(): Readonly<Ref<boolean>> {
  const media = window.matchMedia(WIDE)
  const wide = ref(media.matches)
  const follow = (): void => {
    wide.value = media.matches
  }
  media.addEventListener('change', follow)
  onScopeDispose(() => media.removeEventListener('change', follow))
  return wide
}
