/**
 * Veltrix, by its public doors.
 * @module
 */
import { setTimeout as wait } from 'node:timers/promises'
import { allStored } from '../../finish.ts'
import { rateSince } from '../../statistics.ts'
import { kafkaApp } from '../app.ts'
import { callAtOnce } from '../callers.ts'
import { eventOf } from '../event.ts'
import { Handled } from '../handled.ts'
import type { ConsumeFigures, ConsumeTask, Side } from '../task.ts'

export default {
  async publishSingle(task) {
    const app = kafkaApp(task.brokers, task.app)
    const figures = await callAtOnce(task, (index) => app.publish('thing.done', eventOf(index)))
    await app.stop()
    return figures
  },

  async publishMany({ brokers, app: name, warmUp, events }) {
    const app = kafkaApp(brokers, name, { isBulk: true })
    allStored(await app.publishMany(items(0, warmUp)))
    const many = items(warmUp, events)
    const startedAt = performance.now()
    allStored(await app.publishMany(many))
    const rate = rateSince(events, startedAt)
    await app.stop()
    return { rate, p99Ms: 0 }
  },

  async consume(task) {
    if (task.isWarm) await consumeAs('warm', task)
    return consumeAs('measured', task)
  },
} satisfies Side

function items(from: number, count: number) {
  return Array.from({ length: count }, (_, nth) => ({ type: 'thing.done' as const, data: eventOf(from + nth) }))
}

async function consumeAs(purpose: string, task: ConsumeTask): Promise<ConsumeFigures> {
  const { brokers, group, events, handlerMs, concurrency } = task
  const subscription = `${group}-${purpose}`
  const app = kafkaApp(brokers, task.app, { subscription, concurrency })
  const handled = new Handled(events)
  app.handle(subscription, 'thing.done', async ({ key }, { offset }) => {
    handled.begin(key, offset)
    if (handlerMs > 0) await wait(handlerMs)
    handled.end(key)
  })
  await app.start()
  const figures = await handled.figures
  await app.stop()
  return figures
}
