import { reasonOf } from '@/composables/reasons'
import { ApiError, NetworkError, PortalError } from '@/engine'
import { t } from '@/locales'

/** Why signing in did not work, and what to do now. */
export function signInWords(error: unknown): string {
  if (error instanceof ApiError && error.status === 401) return t('session.wrong')
  if (error instanceof ApiError && error.status === 429) return t('session.tooMany', { seconds: error.retryAfter ?? 60 })
  if (error instanceof NetworkError || error instanceof PortalError) return t('session.noNetwork')
  return t('session.other', { reason: reasonOf(error) })
}
