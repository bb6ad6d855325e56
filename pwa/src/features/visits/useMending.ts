import { computed, ref, shallowRef, watch, type ComputedRef, type Ref } from 'vue'
import { reasonOf } from '@/composables/reasons'
import { useEngine, useLibrary, useState } from '@/composables/useEngine'
import type { Household, PhotoEntry, VisitEntry, VisitPatch } from '@/engine'
import { t } from '@/locales'
import { emptyFields, promiseOf, type VisitFields } from './fields'

interface Mending {
  visit: ComputedRef<VisitEntry | null>
  household: ComputedRef<Household | null>
  /** Why it came back, in the supervisor's or the server's words. */
  reason: ComputedRef<string>
  fields: Ref<VisitFields | null>
  kept: Ref<readonly PhotoEntry[]>
  failed: Ref<string>
  busy: Ref<boolean>
  save: () => Promise<void>
}

/** One of my visits being put right; what was changed is kept as a draft until it is saved. */
export function useMending(id: string, done: () => void): Mending {
  const { drafts, library, outbox, records } = useEngine()
  const visit = useLibrary((shelves) => shelves.visit(id))
  const household = useLibrary((shelves) => (visit.value ? (shelves.household(visit.value.doc.household)?.doc ?? null) : null))
  const outboxState = useState(outbox)
  const fields = shallowRef<VisitFields | null>(null)
  const kept = shallowRef<readonly PhotoEntry[]>([])
  const failed = ref('')
  const busy = ref(false)

  const reason = computed(() => {
    void outboxState.value
    const refused = outbox.items().find((item) => item.docId === id && item.state === 'refused')
    if (refused?.reason) return t('mend.refused', { reason: refused.reason })
    const review = visit.value?.state === 'returned' ? visit.value.review : null
    return review ? t('mend.returned', { note: review.note ?? '' }) : ''
  })

  // Filled once, when the visit is there; later changes from the network do not overwrite what is being typed.
  const stop = watch(
    visit,
    (entry) => {
      if (!entry || fields.value) return
      fields.value = drafts.get<VisitFields>(id) ?? fromVisit(entry)
      kept.value = library.photosOf(id)
      queueMicrotask(() => stop())
    },
    { immediate: true },
  )
  watch(fields, (next, before) => {
    if (next && before) void drafts.set(id, next)
  })

  function fromVisit(entry: VisitEntry): VisitFields {
    const { doc } = entry
    const promise = doc.followup ? library.followup(doc.followup)?.doc : undefined
    return {
      ...emptyFields(doc.outcome),
      needs: [...(doc.needs ?? [])],
      note: doc.note ?? '',
      card_left: doc.card_left ?? false,
      due: promise?.state === 'open' ? promise.due : null,
      why: promise?.why ?? '',
    }
  }

  function patchOf(entry: VisitEntry, form: VisitFields): VisitPatch {
    const before = fromVisit(entry)
    const patch: VisitPatch = {
      outcome: form.outcome,
      needs: [...form.needs],
      note: form.note.trim(),
      card_left: form.card_left,
      photos: kept.value.map((photo) => photo.id),
      addPhotos: [...form.photos],
    }
    if (form.due !== before.due || form.why !== before.why) patch.followup = promiseOf(form)
    return patch
  }

  async function save(): Promise<void> {
    if (!visit.value || !fields.value || busy.value) return
    busy.value = true
    failed.value = ''
    try {
      await records.mendVisit(id, patchOf(visit.value, fields.value))
      await drafts.clear(id)
      done()
    } catch (error) {
      failed.value = t('app.saveFailed', { reason: reasonOf(error) })
    } finally {
      busy.value = false
    }
  }

  return { visit, household, reason, fields, kept, failed, busy, save }
}
