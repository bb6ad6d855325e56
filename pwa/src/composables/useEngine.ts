import { computed, inject, onScopeDispose, ref, shallowRef, type ComputedRef, type InjectionKey, type Ref, type ShallowRef } from 'vue'
import type { Engine, Library, Observed, SessionState } from '@/engine'

export const engineKey: InjectionKey<Engine> = Symbol('engine')

/** The engine that the application was mounted with. */
export function useEngine(): Engine {
  const engine = inject(engineKey)
  if (!engine) throw new Error('no engine was provided')
  return engine
}

/** A ref that follows one observed value of the engine for as long as the component lives. */
export function useState<T>(source: Observed<T>): Readonly<ShallowRef<T>> {
  const value = shallowRef(source.state) as ShallowRef<T>
  onScopeDispose(
    source.on((next) => {
      value.value = next
    }),
  )
  return value
}

export function useSession(): Readonly<ShallowRef<SessionState>> {
  return useState(useEngine().session)
}

/** Something read from the library, read again whenever the library changes (or what the reading depends on). */
export function useLibrary<T>(read: (library: Library) => T): ComputedRef<T> {
  const { library } = useEngine()
  const state = useState(library)
  return computed(() => {
    // Touched so that the reading follows every change of the library.
    void state.value.version
    return read(library)
  })
}

const CHECK_MS = 30_000

/** Today in Shanghai, which moves on at midnight while the page stays open. */
export function useToday(): Readonly<Ref<string>> {
  const engine = useEngine()
  const today = ref(engine.today())
  const timer = setInterval(() => {
    today.value = engine.today()
  }, CHECK_MS)
  onScopeDispose(() => clearInterval(timer))
  return today
}
