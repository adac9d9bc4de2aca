import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineVeltrix, event, RetryAfter, Unrecoverable, veltrix, type App } from '../../src/index.ts'
import { NotSeen, testApp } from '../../src/testing/index.ts'

const placed = z.object({ orderId: z.string(), n: z.number().default(0) })

function config(subscription: object = {}) {
  return defineVeltrix({
    app: 'shop',
    streams: {
      orders: {
        key: 'orderId',
        partitions: 2,
        events: { 'order.placed': event(placed, { lane: 'critical' }), 'order.paid': event(placed) },
      },
    },
    subscriptions: {
      billing: { events: ['order.placed'], retry: { attempts: 3, backoff: '1s..10s' }, ...subscription },
      mailer: { events: ['order.paid'] },
    },
  })
}

describe('testApp', () => {
  it('runs an application on its own log and sees what was handled', async () => {
    await using test = await testApp(veltrix(config()).handle('billing', 'order.placed', () => {}))
    await test.app.publish('order.placed', { orderId: 'o-1', n: 7 })
    const seen = await test.handled('order.placed', { orderId: 'o-1' })
    expect(seen).toMatchObject({
      subscription: 'billing',
      attempt: 1,
      event: { data: { orderId: 'o-1', n: 7 }, key: 'o-1' },
    })
  })

  it('finds an event by any of its fields, whatever the order inside them, and by a condition', async () => {
    const order = z.object({ orderId: z.string(), at: z.date(), to: z.object({ city: z.string(), zip: z.string() }) })
    const shipping = defineVeltrix({
      app: 'shipping',
      streams: { orders: { key: 'orderId', partitions: 1, events: { shipped: event(order) } } },
      subscriptions: { labels: { events: ['shipped'] }, mails: { events: ['shipped'] } },
    })
    const app = veltrix(shipping)
      .handle('labels', 'shipped', () => {})
      .handle('mails', 'shipped', () => {})
    await using test = await testApp(app)
    const at = new Date(0)
    await test.app.publish('shipped', { orderId: 'o-1', at, to: { city: 'Bern', zip: '3000' } })
    const mails = { subscription: 'mails' }
    expect(await test.handled('shipped', { to: { zip: '3000', city: 'Bern' } }, mails)).toMatchObject(mails)
    await test.handled('shipped', { at: at.toISOString() })
    await test.handled('shipped', (seen) => seen.key === 'o-1' && seen.data.to.city.startsWith('B'))
    const other = test.handled('shipped', { to: { city: 'Bern', zip: '3001' } }, { timeoutMs: 20 })
    await expect(other).rejects.toThrow(NotSeen)
  })

  it('says what it saw instead when nothing fits', async () => {
    await using test = await testApp(veltrix(config()).handle('billing', 'order.placed', () => {}))
    await test.app.publish('order.placed', { orderId: 'o-1' })
    await test.handled('order.placed')
    const missing = test.handled('order.placed', { orderId: 'o-2' }, { timeoutMs: 20 })
    await expect(missing).rejects.toThrow(NotSeen)
    await expect(missing).rejects.toThrow(/handled by billing: order.placed .*o-1/)
  })

  it('lets backoff pass at once', async () => {
    let failures = 2
    const app = veltrix(config(), { random: () => 0.999 }).handle('billing', 'order.placed', () => {
      if (failures-- > 0) throw new Error('not yet')
    })
    await using test = await testApp(app)
    await test.app.publish('order.placed', { orderId: 'o-1' })
    const done = test.handled('order.placed')
    await advancing(test.clock, 5_000, done)
    expect((await done).attempt).toBe(3)
  })

  it('leaves the application itself untouched, so that it can be run again', async () => {
    const app = veltrix(config()).handle('billing', 'order.placed', () => {})
    for (const orderId of ['a', 'b']) {
      await using test = await testApp(app)
      await test.app.publish('order.placed', { orderId })
      await test.handled('order.placed', { orderId })
      expect(test.outcomes).toHaveLength(1)
    }
  })

  it('gives handlers an inbox and lets them publish', async () => {
    let effects = 0
    const app: App<ReturnType<typeof config>> = veltrix(config())
    app.handle('billing', 'order.placed', async (placed, ctx) => {
      const { applied } = await ctx.once(() => {
        effects++
      })
      if (applied) throw new Error('after the effect')
      await ctx.publish('order.paid', placed.data)
    })
    app.handle('mailer', 'order.paid', () => {})
    await using test = await testApp(app)
    const { id } = await test.app.publish('order.placed', { orderId: 'o-1' })
    const paid = test.handled('order.paid')
    await advancing(test.clock, 5_000, paid)
    expect((await paid).event.extensions).toEqual({ causationid: id })
    expect(effects).toBe(1)
  })

  it('sees dead letters and why', async () => {
    const app = veltrix(config()).handle('billing', 'order.placed', ({ data }) => {
      if (data.n === 0) throw new Unrecoverable('no such customer')
      throw new RetryAfter(60_000)
    })
    await using test = await testApp(app)
    await test.app.publish('order.placed', { orderId: 'o-1', n: 0 })
    await test.app.publish('order.placed', { orderId: 'o-2', n: 1 })
    expect(await test.dead('order.placed', { orderId: 'o-1' })).toMatchObject({ reason: 'unrecoverable' })
    const second = test.dead('order.placed', { orderId: 'o-2' })
    await advancing(test.clock, 60_000, second)
    expect(await second).toMatchObject({ reason: 'attempts-exhausted', error: { code: 'VLX_RETRY_AFTER' } })
  })
})

/** Lets time pass in steps until `end`: each step fires what waits, and the log answers in real time. */
async function advancing(
  clock: { advance(ms: number): void; yield(): Promise<void> },
  ms: number,
  end: Promise<unknown>,
): Promise<void> {
  let ended = false
  void end.finally(() => (ended = true)).catch(() => {})
  while (!ended) {
    clock.advance(ms)
    await clock.yield()
  }
}
