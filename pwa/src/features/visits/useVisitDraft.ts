import { computed, ref, shallowRef, watch, type ComputedRef, type Ref } from 'vue'
import { reasonOf } from '@/composables/reasons'
import { useEngine } from '@/composables/useEngine'
import { useFlash } from '@/composables/useFlash'
import type { HouseholdEntry, Outcome } from '@/engine'
import { doorAndName } from '@/features/households/naming'
import { t } from '@/locales'
import { AT_ONCE, emptyFields, isWorthKeeping, toDraft, withOutcome, type VisitFields } from './fields'

interface VisitDraftState {
  /** Null until an outcome was chosen. */
  fields: Ref<VisitFields | null>
  /** True where this was begun earlier and found again. */
  resumed: Ref<boolean>
  failed: Ref<string>
  busy: Ref<boolean>
  title: ComputedRef<string>
  choose: (outcome: Outcome) => Promise<void>
  rethink: () => void
  save: () => Promise<void>
}

/** One visit being recorded: what was typed is kept at every change, until it is saved. */
export function useVisitDraft(entry: Ref<HouseholdEntry | null>, today: Readonly<Ref<string>>, done: () => void): VisitDraftState {
  const { drafts, records } = useEngine()
  const flash = useFlash()
  // Shallow: what goes into a stored draft must not be a reactive proxy.
  const fields = shallowRef<VisitFields | null>(null)
  const resumed = ref(false)
  const failed = ref('')
  const busy = ref(false)
  let begun: VisitFields | null = null

  watch(
    () => entry.value?.id,
    (id) => {
      begun = id === undefined ? null : drafts.get<VisitFields>(id)
      fields.value = begun
      resumed.value = begun !== null
      failed.value = ''
    },
    { immediate: true },
  )
  watch(fields, (next) => {
    if (!entry.value || !next) return
    begun = next
    if (isWorthKeeping(next)) void drafts.set(entry.value.id, next)
  })

  async function choose(outcome: Outcome): Promise<void> {
    if (!entry.value) return
    const next = withOutcome(begun ?? emptyFields(outcome), outcome, entry.value, today.value)
    if (AT_ONCE.includes(outcome)) await store(next)
    else fields.value = next
  }

  async function store(next: VisitFields): Promise<void> {
    const target = entry.value
    if (!target || busy.value) return
    busy.value = true
    failed.value = ''
    try {
      const visit = await records.saveVisit(toDraft(target.id, next))
      if (next.no_visit && !target.doc.no_visit) await records.saveHousehold({ area: target.doc.area, door: target.doc.door, no_visit: true })
      await drafts.clear(target.id)
      begun = null
      fields.value = null
      done()
      say(target, next, visit.id)
    } catch (error) {
      failed.value = t('app.saveFailed', { reason: reasonOf(error) })
    } finally {
      busy.value = false
    }
  }

  function say(target: HouseholdEntry, saved: VisitFields, visit: string): void {
    const { door, name } = doorAndName(target)
    const text = t('record.saved', { who: `${door} ${name}`, outcome: t(`outcomes.${saved.outcome}`) })
    if (!AT_ONCE.includes(saved.outcome)) flash.say({ text })
    else flash.say({ text, undo: () => undo(visit) })
  }

  async function undo(visit: string): Promise<void> {
    const gone = await records.undoVisit(visit).catch(() => false)
    flash.say({ text: t(gone ? 'record.undone' : 'record.undoFailed') })
  }

  const title = computed(() => {
    if (!entry.value) return t('record.sheet')
    const { door, name } = doorAndName(entry.value)
    return fields.value ? `${door} ${name} · ${t(`outcomes.${fields.value.outcome}`)}` : `${door} ${name}`
  })

  return {
    fields,
    resumed,
    failed,
    busy,
    title,
    choose,
    rethink() {
      fields.value = null
      resumed.value = false
    },
    async save() {
      if (fields.value) await store(fields.value)
    },
  }
}
