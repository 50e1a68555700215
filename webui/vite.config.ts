import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

// Nothing is inlined as a data: URL: the page's content security policy allows only its own origin.
export default defineConfig({
  plugins: [vue()],
  build: {
    assetsInlineLimit: 0,
    manifest: true,
    chunkSizeWarningLimit: 2500,
    modulePreload: { polyfill: false },
    target: 'es2022',
  },
  worker: { format: 'es' },
  test: { include: ['test/**/*.test.ts'], setupFiles: ['test/setup.ts'] },
})
