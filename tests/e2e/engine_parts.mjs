// Bundles the engine's own store and sender for a page, so that a test drives them on the browser's real IndexedDB.
// Called with the folder to write into.
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

const pwa = fileURLToPath(new URL('../../pwa/', import.meta.url))
const vite = await import(pathToFileURL(createRequire(`${pwa}package.json`).resolve('vite')).href)
const ENTRY = 'virtual:engine-parts'

await vite.build({
  root: pwa,
  configFile: false,
  logLevel: 'error',
  publicDir: false,
  define: { global: 'globalThis' },
  resolve: { mainFields: ['browser', 'module', 'jsnext:main', 'jsnext'] },
  plugins: [
    {
      name: 'entry',
      resolveId: (id) => (id.endsWith(ENTRY) ? ENTRY : null),
      load: (id) =>
        id === ENTRY
          ? `export { AreaStore } from '/src/engine/local/area'
             export { push } from '/src/engine/sync/push'
             export { wire } from '/src/engine/wire'`
          : null,
    },
  ],
  build: {
    outDir: process.argv[2],
    emptyOutDir: false,
    minify: false,
    lib: { entry: ENTRY, formats: ['iife'], name: 'parts', fileName: () => 'parts.js' },
  },
})
