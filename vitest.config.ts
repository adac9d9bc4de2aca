import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Starts nothing: the brokers come up when the first test asks for them, and go when the run ends.
    globalSetup: ['test/support/kafka-shared.ts'],
    // Two cores: the embedded log brings threads of its own.
    maxWorkers: 2,
    // What src/thread-file.ts sets before it starts a thread, from the start of a test process: PGlite is WebAssembly too.
    execArgv: ['--wasm-wrapper-tiering-budget=1000000000'],
  },
})
