import { onScopeDispose, ref, type Ref } from 'vue'
import { useEngine } from '@/composables/useEngine'
import type { Reminder } from '@/engine'

/** Unread reminders, when there is a network: asked for at the start, after each sync and when a push arrives. */
export function useReminders(): { reminders: Ref<readonly Reminder[]>; read: (id: string) => Promise<void> } {
  const { api, push, session, sync } = useEngine()
  const reminders = ref<readonly Reminder[]>([])
  let synced = sync.state.lastSyncedAt

  async function refresh(): Promise<void> {
    if (!sync.state.online || session.state.phase !== 'signed-in') return
    try {
      reminders.value = await api.reminders.list('unread')
    } catch {
      // The promises themselves are on the phone; reminders come when the network does.
    }
  }

  async function read(id: string): Promise<void> {
    reminders.value = reminders.value.filter((reminder) => reminder.id !== id)
    try {
      await api.reminders.read(id)
    } catch {
      await refresh()
    }
  }

  onScopeDispose(push.onMessage(() => void refresh()))
  onScopeDispose(
    sync.on((state) => {
      if (state.lastSyncedAt === synced) return
      synced = state.lastSyncedAt
      void refresh()
    }),
  )
  void refresh()
  return { reminders, read }
}
