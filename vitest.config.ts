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
  },
})
