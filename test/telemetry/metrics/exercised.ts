/**
 * An application that shows every metric once: it publishes, handles, fails, repeats, buries, parks, and answers over HTTP.
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { defineVeltrix, event, Unrecoverable, veltrix } from '../../../src/index.ts'
import { createGateway } from '../../../src/gateway/index.ts'
import { embedded } from '../../../src/transport/embedded/index.ts'

export function exercisedDefinition(directory: string) {
  return defineVeltrix({
    app: 'shop',
    lanes: { urgent: { weight: 4 }, bulk: { weight: 1 } },
    streams: {
      orders: {
        key: 'orderId',
        partitions: 2,
        events: {
          'order.placed': event(z.object({ orderId: z.string(), fate: z.string() }), { lane: 'urgent' }),
          'order.exported': event(z.object({ orderId: z.string() }), { lane: 'bulk' }),
        },
      },
    },
    subscriptions: {
      billing: {
        events: ['order.placed'],
        retry: { attempts: 2, backoff: '1ms..2ms' },
        onDeadLetter: 'park-key',
      },
      reports: { events: ['order.placed', 'order.exported'] },
    },
    transport: embedded({ directory, durability: 'none' }),
  })
}

export class CardDeclined extends Error {
  override readonly name = 'CardDeclined'
}

/** Not started. */
export async function exercisedApp() {
  const directory = await mkdtemp(join(tmpdir(), 'veltrix-telemetry-'))
  const app = veltrix(exercisedDefinition(directory))
    .handle('billing', 'order.placed', async ({ data }, { attempt }) => {
      if (data.fate === 'never') throw new Unrecoverable('no such order')
      if (data.fate === 'later' && attempt === 1) throw new CardDeclined('card declined')
    })
    .handle('reports', 'order.placed', async () => {})
    .handle('reports', 'order.exported', async () => {})
  return {
    app,
    /** Publishes 20 good ones of each lane, one that fails once, one that never works, one behind it; and asks over HTTP. */
    async exercise(): Promise<void> {
      const gateway = createGateway(app, { port: 0 })
      const url = await gateway.start()
      const placed = (orderId: string, fate: string) => app.publish('order.placed', { orderId, fate })
      for (let n = 0; n < 20; n++) {
        await placed(`good-${n}`, 'good')
        await app.publish('order.exported', { orderId: `good-${n}` })
      }
      await placed('slow', 'later')
      await placed('bad', 'never')
      await placed('bad', 'good')
      const post = (path: string, body: unknown) =>
        fetch(`${url}${path}`, {
          method: 'POST',
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        })
      await post('/events/order.exported', { orderId: 'by-http' })
      await post('/events/order.exported', { orderId: 7 })
      await post('/events/order.unknown', {})
      await fetch(`${url}/nowhere`)
      await gateway.close()
    },
    async remove(): Promise<void> {
      await app.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
