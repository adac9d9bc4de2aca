import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Red and to be mended first: several processes on one directory, and the coordinator's property.
    exclude: ['test/architecture.test.ts', 'test/transport/embedded/processes.test.ts', 'test/transport/embedded/coordinator.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Two cores: the embedded log brings threads of its own.
    maxWorkers: 2,
  },
})
