/** The configuration the publisher's tests publish into. @module */
import { z } from 'zod'
import { compile, event, type CompiledConfig } from '../../src/config/index.ts'
import type { StandardSchemaV1 } from '@standard-schema/spec'

/** Takes `{ key, … }`; after a delay for `{ later: true }`, in an order of its own. */
const slow: StandardSchemaV1 = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: async (value) => {
      const { turns } = value as { turns: number }
      for (let turn = 0; turn < turns; turn++) await undefined
      return turns === 13 ? { issues: [{ message: 'unlucky' }] } : { value }
    },
  },
}

export function checkout(publisher: object = {}): CompiledConfig {
  return compile({
    app: 'checkout',
    streams: {
      orders: {
        key: 'key',
        partitions: 4,
        events: {
          'order.placed': event(z.object({ key: z.string() }).loose()),
          'order.urgent': event(z.any(), { lane: 'critical' }),
          'order.exported': event(z.any(), { lane: 'bulk' }),
        },
      },
      checks: { key: 'key', partitions: 1, events: { 'check.slow': event(slow) } },
    },
    publisher,
  })
}
