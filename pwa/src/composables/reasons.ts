import { ApiError, NetworkError, PortalError } from '@/engine'
import { t } from '@/locales'

/** What went wrong, in words that fit into a sentence for the user. */
export function reasonOf(error: unknown): string {
  if (error instanceof ApiError) return error.detail || error.title
  if (error instanceof PortalError) return t('reasons.portal')
  if (error instanceof NetworkError) return t(error.reason === 'timeout' ? 'reasons.timeout' : 'reasons.unreachable')
  if (error instanceof DOMException && error.name === 'QuotaExceededError') return t('reasons.full')
  return t('reasons.other')
}
