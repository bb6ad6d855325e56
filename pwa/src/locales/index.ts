import { createI18n } from 'vue-i18n'

import zhCN from './zh-CN.json'

/** The catalogue of every string on the screens; another language is one more file beside zh-CN.json. */
export const i18n = createI18n({
  legacy: false,
  locale: 'zh-CN',
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': zhCN },
})

/** Look up a string by its dotted key, with its named values put in. */
export function t(key: string, values: Record<string, unknown> = {}): string {
  return i18n.global.t(key, values)
}

/** A list in the catalogue, such as the usual needs. */
export function list(key: string): string[] {
  const messages = i18n.global.tm(key) as unknown[]
  return messages.map((message) => i18n.global.rt(message as string))
}
