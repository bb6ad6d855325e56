import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const TEXT = /\.(?:js|css|html|svg|json|webmanifest)$/
// Below this a compressed sibling saves nothing: the answer fits one packet anyway.
const WORTH_IT = 1024

/**
 * Write `.br` and `.gz` siblings of every text asset, so that the server sends the smallest without compressing.
 *
 * @returns {import('vite').Plugin}
 */
export function compressed() {
  let folder = ''
  return {
    name: 'baijiamen-compressed',
    apply: 'build',
    enforce: 'post',
    configResolved(config) {
      folder = path.resolve(config.root, config.build.outDir)
    },
    closeBundle: {
      // After the service worker is built, which happens in a closeBundle too.
      order: 'post',
      sequential: true,
      async handler() {
        for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
          if (entry.isFile() && TEXT.test(entry.name)) await siblings(path.join(entry.parentPath ?? entry.path, entry.name))
        }
      },
    },
  }
}

async function siblings(file) {
  const body = await readFile(file)
  if (body.length < WORTH_IT) return
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: body.length }
  await writeFile(`${file}.br`, brotliCompressSync(body, { params }))
  await writeFile(`${file}.gz`, gzipSync(body, { level: 9 }))
}
