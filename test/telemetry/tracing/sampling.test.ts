/** What is decided where a trace begins, before anything is made of it. @module */
import { context, ROOT_CONTEXT } from '@opentelemetry/api'
import { expect, test, vi } from 'vitest'
import { veltrix } from '../../../src/index.ts'
import { testApp } from '../../../src/testing/index.ts'
import { storedOn } from '../../gateway/running.ts'
import { activeSpan, gatewayOf, idOf, parentOf, remote, shop, traced, traceOf, traceparent } from './traced.ts'
import { withContextManager } from './traced.ts'

withContextManager()

const process = 'process shop.orders.standard'
const unsampled = `${traceparent.slice(0, -2)}00`
const noFlag = (traceId: string) => new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`)

/** Billing publishes thrice: by its context, by the application, and where what is active was lost. */
async function chain(seen: unknown[] = []) {
  const app = veltrix(shop())
    .handle('billing', 'order.placed', async ({ data: { orderId } }, ctx) => {
      await Promise.resolve()
      seen.push(activeSpan())
      await ctx.publish('order.paid', { orderId, n: 1 })
      await running.app.publish('order.paid', { orderId, n: 2 })
      await context.with(ROOT_CONTEXT, () => ctx.publish('order.paid', { orderId, n: 3 }))
    })
    .handle('mailer', 'order.paid', () => {})
  const running = await testApp(app)
  return running
}

async function paidOf(running: { readonly app: unknown }): Promise<string[]> {
  let paid: string[] = []
  const look = async () => {
    const stored = await storedOn(running.app as never)
    paid = stored
      .filter(({ attributes }) => attributes['ce_type'] === 'order.paid')
      .map(({ attributes }) => attributes['ce_traceparent']!)
    return paid.length
  }
  await expect.poll(look, { timeout: 20_000 }).toBe(3)
  return paid
}

test('what is not kept is asked about once, not recorded, and goes on with the flag', async () => {
  const keeps = vi.fn<() => boolean>(() => false)
  const { spans } = traced({ keeps })
  const seen: unknown[] = []
  await using running = await chain(seen)
  await running.app.publish('order.placed', { orderId: 'o-1' })
  const placed = await running.handled('order.placed')
  const [, traceId] = placed.event.extensions['traceparent']!.split('-')
  const paid = await paidOf(running)
  expect(placed.event.extensions['traceparent']).toMatch(noFlag(traceId!))
  for (const each of paid) expect(each).toMatch(noFlag(traceId!))
  expect(seen).toMatchObject([{ traceId, traceFlags: 0 }])
  expect([spans(), keeps.mock.calls.length]).toEqual([[], 1])
})

test('what is kept is recorded to its end, and asked about once', async () => {
  const keeps = vi.fn<() => boolean>(() => true)
  const { spans, ended } = traced({ keeps })
  await using running = await chain()
  await running.app.publish('order.placed', { orderId: 'o-1' })
  await ended('process shop.orders.standard', 4)
  await paidOf(running)
  expect([spans().length, new Set(spans().map(traceOf)).size, keeps.mock.calls.length]).toEqual([8, 1, 1])
})

test.each([
  { given: traceparent, keeps: false, recorded: 1, asked: 0 },
  { given: unsampled, keeps: true, recorded: 0, asked: 0 },
  { given: `01${unsampled.slice(2)}-more`, keeps: true, recorded: 0, asked: 0 },
  // No trace: the send and its handler begin one each.
  { given: unsampled.slice(1), keeps: true, recorded: 1, asked: 2 },
  { given: unsampled.slice(1), keeps: false, recorded: 0, asked: 2 },
])('an event with $given and keeps $keeps: as it was decided', async ({ given, keeps, recorded, asked }) => {
  const answers = vi.fn<() => boolean>(() => keeps)
  const { named, ended, spans } = traced({ keeps: answers })
  const seen: unknown[] = []
  const app = veltrix(shop()).handle('billing', 'order.placed', () => void seen.push(activeSpan()))
  await using running = await testApp(app)
  await running.app.publish('order.placed', { orderId: 'o-1' }, { extensions: { traceparent: given } })
  const { event } = await running.handled('order.placed')
  if (recorded > 0) await ended(process)
  expect(event.extensions['traceparent']).toBe(given)
  expect(named(process)).toHaveLength(recorded)
  expect(spans()).toHaveLength(2 * recorded)
  expect(answers).toHaveBeenCalledTimes(asked)
  expect(seen).toMatchObject([{ traceFlags: recorded }])
})

test('of many published together each is decided by itself; the send too', async () => {
  let asked = 0
  // The send is asked about first.
  const { named, ended } = traced({ keeps: () => asked++ % 2 === 1 })
  const app = veltrix(shop()).handle('billing', 'order.placed', () => {})
  await using running = await testApp(app)
  const items = Array.from({ length: 10 }, (_, n) => ({ type: 'order.placed' as const, data: { orderId: `o-${n}` } }))
  await running.app.publishMany(items)
  await ended(process, 5)
  const created = named('create shop.orders.standard')
  expect([asked, created.length, named('send shop.orders.standard').length]).toEqual([11, 5, 0])
  expect(named(process).map(parentOf).toSorted()).toEqual(created.map(idOf).toSorted())
  const flags = (await storedOn(running.app)).map(({ attributes }) => attributes['ce_traceparent']!.slice(-2))
  expect(flags.toSorted()).toEqual([...Array(5).fill('00'), ...Array(5).fill('01')])
})

test('a request is where it begins, unless its caller decided; a batch begins anew', async () => {
  const keeps = vi.fn<() => boolean>(() => false)
  const { spans, ended } = traced({ keeps })
  const seen: unknown[] = []
  const app = veltrix(shop())
    .handle('billing', 'order.placed', () => {})
    .handleBatch('reports', 'order.reported', () => void seen.push(activeSpan()))
  await using running = await testApp(app)
  const { post } = await gatewayOf(running)
  await post({}, { orderId: 'own' })
  const own = await running.handled('order.placed', { orderId: 'own' })
  expect(own.event.extensions['traceparent']).toMatch(/-00$/)
  expect([spans(), keeps.mock.calls.length]).toEqual([[], 1])
  for (const orderId of ['a', 'b', 'c']) await running.app.publish('order.reported', { orderId })
  await expect.poll(() => seen).toMatchObject([{ traceFlags: 0 }])
  expect([spans(), keeps.mock.calls.length]).toEqual([[], 5])
  await post({ traceparent: unsampled }, { orderId: 'not' })
  const not = await running.handled('order.placed', { orderId: 'not' })
  expect(not.event.extensions['traceparent']).toMatch(noFlag(remote.traceId))
  await post({ traceparent }, { orderId: 'theirs' })
  await ended(process)
  await ended('POST /events/:type')
  expect(new Set(spans().map(traceOf))).toEqual(new Set([remote.traceId]))
  expect(keeps).toHaveBeenCalledTimes(5)
})
