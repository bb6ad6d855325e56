const ELSEWHERE = /,\s*url\((?:https?:)?\/\/at\.alicdn\.com[^)]*\)\s*format\((["'])woff\1\)/g

/**
 * Vant's icons come inlined, with a second copy on a public server as a fallback. Nothing of this application is fetched
 * from elsewhere: there may be no network, and nobody is to learn who opens it.
 *
 * @returns {import('vite').Plugin}
 */
export function ownFonts() {
  return {
    name: 'baijiamen-own-fonts',
    enforce: 'pre',
    transform(code, id) {
      if (id.includes('/vant/') && id.split('?')[0].endsWith('.css')) return { code: code.replace(ELSEWHERE, ''), map: null }
      return null
    },
  }
}
