import type { SyncSnapshot } from '@/engine'
import { t } from '@/locales'

/** What the line about syncing says, and how urgent it looks. */
export interface SyncWords {
  text: string
  tone: 'calm' | 'warn' | 'alert'
}

/** The state of syncing in plain words; the most pressing thing gives the tone. */
export function syncWords(sync: SyncSnapshot): SyncWords {
  const parts: string[] = []
  const place = whereItStands(sync)
  if (place !== null) parts.push(place)
  if (sync.waiting > 0) parts.push(t('sync.waiting', { n: sync.waiting }))
  if (sync.refused > 0) parts.push(t('sync.refused', { n: sync.refused }))
  if (parts.length === 0) parts.push(t('sync.allSynced'))
  return { text: parts.join(' · '), tone: toneOf(sync) }
}

function whereItStands(sync: SyncSnapshot): string | null {
  if (sync.phase === 'expired') return t('sync.expired')
  if (sync.detail === 'storage-full') return t('sync.full')
  if (sync.detail === 'portal') return t('sync.portal')
  if (sync.phase === 'offline' || !sync.online) return t('sync.offline')
  if (sync.phase === 'error') return t('sync.error')
  if (sync.phase === 'syncing' && sync.lastSyncedAt === null && sync.waiting === 0) return t('sync.fetching')
  return null
}

function toneOf(sync: SyncSnapshot): SyncWords['tone'] {
  if (sync.refused > 0 || sync.phase === 'expired' || sync.detail === 'storage-full') return 'alert'
  if (sync.waiting > 0 || sync.phase === 'offline' || sync.phase === 'error' || !sync.online) return 'warn'
  return 'calm'
}
