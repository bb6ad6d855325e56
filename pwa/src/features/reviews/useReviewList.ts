import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { reasonOf } from '@/composables/reasons'
import { useEngine } from '@/composables/useEngine'
import type { ReviewState, VisitFilter, VisitRow } from '@/engine'

const PAGE = 50
// The server looks over so much at a time and no more: under a narrow filter a page may be short, or empty, with more to
// come. So pages are fetched until a screen is full.
const SCREENFUL = 20
// Pushes arrive in batches: one look at the list answers for all of a batch.
const GATHER_MS = 250

interface ReviewList {
  items: ShallowRef<readonly VisitRow[]>
  counts: Ref<Readonly<Record<ReviewState, number>>>
  next: Ref<string | null>
  loading: Ref<boolean>
  failed: Ref<string>
  live: Ref<boolean>
  reload: () => Promise<void>
  more: () => Promise<void>
  /** Put what was just decided in its place; it stays in the list until the filter changes, so that nothing jumps. */
  put: (row: VisitRow) => void
}

/** The list of visits under a filter, page by page, kept current by the server's events. */
export function useReviewList(filter: Readonly<Ref<VisitFilter>>): ReviewList {
  const { api } = useEngine()
  const items = shallowRef<readonly VisitRow[]>([])
  const counts = ref<Readonly<Record<ReviewState, number>>>({ pending: 0, approved: 0, returned: 0 })
  const next = ref<string | null>(null)
  const loading = ref(false)
  const failed = ref('')
  const live = ref(true)
  const decided = new Set<string>()
  const changed = new Set<string>()
  let round = 0
  let gathering: ReturnType<typeof setTimeout> | undefined

  async function reload(): Promise<void> {
    await fill(++round, true)
  }

  async function more(): Promise<void> {
    if (next.value !== null && !loading.value) await fill(round, false)
  }

  /** Show pages as they come, until there is a screenful of new rows or no more of them. */
  async function fill(mine: number, anew: boolean): Promise<void> {
    loading.value = true
    failed.value = ''
    try {
      for (let first = anew, found = 0; first || (next.value !== null && found < SCREENFUL); first = false) {
        const cursor = first || next.value === null ? {} : { cursor: next.value }
        const page = await api.visits.list({ ...filter.value, limit: PAGE, ...cursor })
        if (mine !== round) return
        if (first) {
          decided.clear()
          counts.value = page.counts
        }
        const before = first ? [] : items.value
        const known = new Set(before.map((row) => row.id))
        items.value = [...before, ...page.items.filter((row) => !known.has(row.id))]
        found += page.items.length
        next.value = page.next
      }
    } catch (error) {
      if (mine === round) failed.value = reasonOf(error)
    } finally {
      if (mine === round) loading.value = false
    }
  }

  function put(row: VisitRow): void {
    decided.add(row.id)
    items.value = items.value.map((one) => (one.id === row.id ? row : one))
  }

  /** Take in what the events told of: the first page anew, and of the rest only what changed. */
  async function catchUp(): Promise<void> {
    const mine = round
    const ids = new Set(changed)
    changed.clear()
    try {
      const page = await api.visits.list({ ...filter.value, limit: PAGE })
      const fresh = new Map(page.items.map((row) => [row.id, row]))
      const elsewhere = items.value.filter((row) => ids.has(row.id) && !fresh.has(row.id))
      const reread = await Promise.all(elsewhere.map((row) => api.visits.get(row.id).catch(() => null)))
      if (mine !== round) return
      for (const row of reread) if (row && (decided.has(row.id) || matches(row))) fresh.set(row.id, row)
      counts.value = page.counts
      items.value = merged(page.items, ids, fresh)
      if (items.value.length === 0) void more()
    } catch {
      // The next event, or the reader, tries again.
      for (const id of ids) changed.add(id)
    }
  }

  function matches(row: VisitRow): boolean {
    return filter.value.state === undefined || row.state === filter.value.state
  }

  function merged(page: readonly VisitRow[], ids: ReadonlySet<string>, fresh: ReadonlyMap<string, VisitRow>): VisitRow[] {
    const known = new Set(items.value.map((row) => row.id))
    const arrived = page.filter((row) => !known.has(row.id))
    const stayed = items.value.filter((row) => fresh.has(row.id) || !ids.has(row.id)).map((row) => fresh.get(row.id) ?? row)
    return [...arrived, ...stayed]
  }

  const stop = api.visits.events(
    (event) => {
      changed.add(event.id)
      clearTimeout(gathering)
      gathering = setTimeout(() => void catchUp(), GATHER_MS)
    },
    (connected) => {
      const back = connected && !live.value
      live.value = connected
      if (back) void (failed.value ? reload() : catchUp())
    },
  )
  onScopeDispose(() => {
    stop()
    clearTimeout(gathering)
  })
  watch(filter, reload, { immediate: true })

  return { items, counts, next, loading, failed, live, reload, more, put }
}
