import { ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { reasonOf } from '@/composables/reasons'
import { useEngine } from '@/composables/useEngine'
import { ApiError, type VisitDetail, type VisitRow } from '@/engine'
import { t } from '@/locales'

interface Decision {
  detail: ShallowRef<VisitDetail | null>
  /** What to tell the reader: gone, stale, failed, or done. */
  notice: Ref<{ tone: 'good' | 'warn' | 'alert'; text: string } | null>
  busy: Ref<boolean>
  /** Somebody changed it: read it again and say so. */
  reload: () => Promise<void>
  approve: () => Promise<boolean>
  giveBack: (note: string) => Promise<boolean>
}

/** One visit in full, and what a supervisor decides on it: always on the revision that is on the screen. */
export function useDecision(id: Readonly<Ref<string | undefined>>, decided: (row: VisitRow) => void): Decision {
  const { api } = useEngine()
  const detail = shallowRef<VisitDetail | null>(null)
  const notice = ref<{ tone: 'good' | 'warn' | 'alert'; text: string } | null>(null)
  const busy = ref(false)

  async function read(): Promise<void> {
    const wanted = id.value
    if (!wanted) return
    try {
      const found = await api.visits.get(wanted)
      if (wanted === id.value) detail.value = found
    } catch (error) {
      if (wanted !== id.value) return
      const gone = error instanceof ApiError && (error.status === 403 || error.status === 404)
      notice.value = { tone: 'alert', text: gone ? t('reviews.gone') : t('reviews.failed', { reason: reasonOf(error) }) }
    }
  }

  watch(
    id,
    () => {
      detail.value = null
      notice.value = null
      void read()
    },
    { immediate: true },
  )

  async function decide(act: (visit: VisitDetail) => Promise<VisitRow>, done: string): Promise<boolean> {
    const visit = detail.value
    if (!visit || busy.value) return false
    busy.value = true
    notice.value = null
    try {
      const row = await act(visit)
      decided(row)
      if (visit.id === id.value) detail.value = { ...visit, rev: row.rev, state: row.state, review: row.review }
      notice.value = { tone: 'good', text: done }
      return true
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) {
        await read()
        notice.value = { tone: 'warn', text: t('reviews.stale') }
      } else notice.value = { tone: 'alert', text: t('reviews.failed', { reason: reasonOf(error) }) }
      return false
    } finally {
      busy.value = false
    }
  }

  async function reload(): Promise<void> {
    await read()
    notice.value = { tone: 'warn', text: t('reviews.stale') }
  }

  return {
    detail,
    notice,
    busy,
    reload,
    approve: () => decide((visit) => api.visits.approve(visit.id, visit.rev), t('reviews.approvedNow')),
    giveBack: (note) => decide((visit) => api.visits.return(visit.id, visit.rev, note), t('reviews.returnedNow')),
  }
}
