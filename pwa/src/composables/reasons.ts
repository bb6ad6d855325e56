import { ApiError, NetworkError, PortalError } from '@/engine'
import { t } from '@/locales'

/** What went wrong, in words that fit into a sentence for the user. */
export function reasonOf(error: unknown): string {
  if (error instanceof ApiError) return error.detail || error.title
  if (error instanceof PortalError) return t('errors.portal')
  if (error instanceof NetworkError) return t(error.reason === 'timeout' ? 'errors.timeout' : 'errors.unreachable')
  if (error instanceof DOMException && error.name === 'QuotaExceededError') return t('errors.full')
  return t('errors.other')
}
