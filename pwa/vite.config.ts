import { fileURLToPath, URL } from 'node:url'
import { VantResolver } from '@vant/auto-import-resolver'
import vue from '@vitejs/plugin-vue'
import Components from 'unplugin-vue-components/vite'
import { VitePWA } from 'vite-plugin-pwa'
import { defineConfig } from 'vitest/config'
import { compressed } from './scripts/compressed.mjs'
import { ownFonts } from './scripts/own-fonts.mjs'

const server = process.env.BAIJIAMEN_DEV_SERVER ?? 'http://127.0.0.1:8000'
const backend = { target: server, changeOrigin: false }

export default defineConfig({
  plugins: [
    ownFonts(),
    vue(),
    Components({ dirs: [], dts: false, resolvers: [VantResolver()] }),
    VitePWA({
      strategies: 'injectManifest',
      srcDir: 'src/worker',
      filename: 'sw.ts',
      // The engine registers the worker itself: an update is offered, never forced.
      injectRegister: false,
      registerType: 'prompt',
      manifest: {
        id: '/',
        name: '百家门',
        short_name: '百家门',
        description: '入户走访记录，没有网络也能用',
        lang: 'zh-CN',
        start_url: '/',
        scope: '/',
        display: 'standalone',
        orientation: 'portrait',
        background_color: '#faf8f5',
        theme_color: '#8f1d21',
        icons: [
          { src: 'icons/192.png', sizes: '192x192', type: 'image/png' },
          { src: 'icons/512.png', sizes: '512x512', type: 'image/png' },
          { src: 'icons/maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
        ],
      },
      injectManifest: {
        globPatterns: ['**/*.{js,css,html,svg,png,woff2}'],
        maximumFileSizeToCacheInBytes: 3 * 1024 * 1024,
      },
    }),
    compressed(),
  ],
  resolve: {
    alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) },
    // As Vite has it for browsers; said so that the tests, which run in Node, get the same files.
    mainFields: ['browser', 'module', 'jsnext:main', 'jsnext'],
  },
  // PouchDB reads it; browsers have none.
  define: { global: 'globalThis' },
  build: {
    // The oldest that have private methods: written out for older ones, the engine starts noticeably slower.
    target: ['chrome91', 'safari15', 'firefox90'],
    sourcemap: false,
    manifest: true,
  },
  server: {
    proxy: { '/api': backend, '/sync': backend, '/healthz': backend, '/readyz': backend },
  },
  test: {
    environment: 'happy-dom',
    setupFiles: ['tests/setup.ts'],
    include: ['tests/**/*.test.ts'],
    maxWorkers: 2,
    restoreMocks: true,
    // Through Vite, so that PouchDB's browser build is what is tested.
    server: { deps: { inline: [/pouchdb/, /vant/] } },
  },
})
