/**
 * What the shop does with its events. Run it: `npm start`, or `veltrix dev examples/checkout`.
 * @module
 */
import { setTimeout as wait } from 'node:timers/promises'
import { veltrix, type HandlerContext, type VeltrixEvent } from '../../src/index.ts'
import { inbox, noteEffect } from './effects.ts'
import { PaymentProvider } from './provider.ts'
import { Recorder } from './recorder.ts'
import { checkoutScenario } from './scenario.ts'
import config from './veltrix.config.ts'

const provider = new PaymentProvider()
const recorder = new Recorder(takersByType())

/** The only goods this warehouse cannot find. */
const missingSku = 'sku-lost'

const app = veltrix(config, { inbox })
  .handle('intake', 'order.placed', async (event, ctx) => {
    const { orderId, total, email } = event.data
    // The ids come from the event: a repeated attempt publishes nothing twice.
    await Promise.all([
      publish(ctx, 'payment.requested', { orderId, amount: total }, `${event.id}-payment`),
      publish(ctx, 'mail.requested', { orderId, to: email, template: 'confirmation' }, `${event.id}-mail`),
    ])
  })
  .handle('warehouse', 'order.placed', async (event, ctx) => {
    if (event.data.sku === missingSku) throw new Error(`no such goods: ${event.data.sku}`)
    await ctx.once((tx) => noteEffect(tx, event.id, 'reservation'))
  })
  .handle('warehouse', 'order.changed', async (event, ctx) => {
    await ctx.once((tx) => noteEffect(tx, event.id, 'change'))
  })
  .handle('billing', 'payment.requested', async (event, ctx) => {
    // The provider is outside our database, so it gets a key by which it can tell a repeat.
    await provider.capture(event.id, ctx.signal)
  })
  .handle('mailer', 'mail.requested', async (event, ctx) => {
    await ctx.once((tx) => noteEffect(tx, event.id, 'mail'))
  })
  .handleBatch('analytics', 'page.viewed', async (events, ctx) => {
    const ends = events.map((event, index) => recorder.started(startOf(event, ctx.events[index]!)))
    await wait(5, undefined, { signal: ctx.signal })
    for (const end of ends) end(true)
  })

// Around every single-event handler: the recorder sees each attempt begin and end.
app.use(async (event, ctx, next) => {
  const end = recorder.started(startOf(event, ctx))
  try {
    await next()
    end(true)
  } catch (error) {
    end(false)
    throw error
  }
})

export default app
export const scenario = checkoutScenario({ recorder, provider, missingSku })

type Context = HandlerContext<typeof config, unknown>

/** Names of the subscriptions that take each event type. */
function takersByType(): Map<string, string[]> {
  const takers = new Map<string, string[]>()
  for (const [name, { events }] of Object.entries(config.subscriptions ?? {})) {
    for (const type of events) takers.set(type, [...(takers.get(type) ?? []), name])
  }
  return takers
}

/** Publishes from a handler, and lets the recorder know when it belongs to this run. */
async function publish(
  ctx: Context,
  ...[type, data, id]:
    | ['payment.requested', { orderId: string; amount: number }, string]
    | ['mail.requested', { orderId: string; to: string; template: 'confirmation' }, string]
): Promise<void> {
  if (recorder.isOwn(id)) recorder.publishing(id, type, 'standard', data.orderId)
  await ctx.publish(type, data as never, { id })
  recorder.acked(id)
}

function startOf(event: VeltrixEvent, ctx: Pick<HandlerContext, 'subscription' | 'attempt'>) {
  return { id: event.extensions['view'] ?? event.id, subscription: ctx.subscription, attempt: ctx.attempt }
}
