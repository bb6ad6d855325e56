import { t } from '@/locales'

const ZONE = 'Asia/Shanghai'
const DAY_MS = 86_400_000
const dayParts = new Intl.DateTimeFormat('en-CA', { timeZone: ZONE, year: 'numeric', month: '2-digit', day: '2-digit' })
const timeParts = new Intl.DateTimeFormat('zh-CN', { timeZone: ZONE, hour: '2-digit', minute: '2-digit', hour12: false })

/** The calendar day of a moment in Shanghai, as YYYY-MM-DD. */
export function dayOf(moment: Date | string | number): string {
  return dayParts.format(new Date(moment))
}

/** Whole days from one YYYY-MM-DD to another; negative when the second lies before the first. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS)
}

/** The day that lies so many days after a YYYY-MM-DD. */
export function addDays(day: string, count: number): string {
  return new Date(Date.parse(day) + count * DAY_MS).toISOString().slice(0, 10)
}

/** The same day of the next month, or that month's last day where it has none. */
export function addMonth(day: string): string {
  const [year = 1970, month = 1, date = 1] = day.split('-').map(Number)
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  return new Date(Date.UTC(year, month, Math.min(date, last))).toISOString().slice(0, 10)
}

/** The first day of the calendar quarter that a day lies in. */
export function quarterStart(day: string): string {
  const month = Number(day.slice(5, 7))
  const first = month - ((month - 1) % 3)
  return `${day.slice(0, 4)}-${String(first).padStart(2, '0')}-01`
}

/** A day in words: 今天, 昨天, 明天, 11 月 3 日; the year only when it is another one. */
export function sayDay(day: string, today: string): string {
  const distance = daysBetween(today, day)
  if (distance === 0) return t('dates.today')
  if (distance === -1) return t('dates.yesterday')
  if (distance === 1) return t('dates.tomorrow')
  const [y, m, d] = day.split('-').map(Number)
  return day.slice(0, 4) === today.slice(0, 4) ? t('dates.monthDay', { m, d }) : t('dates.full', { y, m, d })
}

/** A moment in words: the day and the time of day in Shanghai. */
export function sayMoment(moment: string | number, today: string): string {
  return `${sayDay(dayOf(moment), today)} ${timeParts.format(new Date(moment))}`
}
