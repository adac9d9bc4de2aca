/** Lanes as an application sees them: who goes first when all have work. @module */
import { expect, test } from 'vitest'
import { veltrix } from '../../src/index.ts'
import { TestClock, testApp } from '../../src/testing/index.ts'
import { gate, steps, until } from './steps.ts'

/** No time passes, so that every handler costs the same and the order is the scheduler's alone. */
class StoppedClock extends TestClock {
  override monotonic(): number {
    return 0
  }
}

type Lane = 'critical' | 'bulk'

/** The lanes of events in the order handled, when all of them waited before the first could start. One runs at a time. */
async function orderOf(counts: Readonly<Record<Lane, number>>, options: object): Promise<string[]> {
  const [started, everything] = [gate(), gate()]
  const order: string[] = []
  const app = veltrix(steps({ concurrency: 1 }, options)).handle('sub', 'step', async ({ data }, ctx) => {
    if (data.key !== 'first') return void order.push(ctx.lane)
    started.open()
    await everything.opened
  })
  await using test = await testApp(app, { clock: new StoppedClock() })
  await test.app.publish('step', { key: 'first', n: 0 })
  await started.opened
  const items = (lane: Lane) =>
    Array.from({ length: counts[lane] }, (_, n) => ({ type: 'step' as const, data: { key: `k${n % 7}`, n }, lane }))
  const all = [...items('bulk'), ...items('critical')]
  await test.app.publishMany(all)
  await until(test, () => test.app.status()[0]!.bufferedEvents === all.length + 1)
  everything.open()
  await until(test, () => order.length === all.length)
  return order
}

const count = (lanes: readonly string[], lane: Lane): number => lanes.filter((each) => each === lane).length

test('weighted: a lower lane gets its share all the time while urgent events wait, and no more', async () => {
  const order = await orderOf({ critical: 300, bulk: 60 }, {})
  // 8 to 1 by weight.
  const whileUrgent = count(order.slice(0, order.lastIndexOf('critical')), 'bulk')
  expect(whileUrgent).toBeGreaterThanOrEqual(35)
  expect(whileUrgent).toBeLessThanOrEqual(40)
  for (let from = 0; from < 270; from += 30) expect(order.slice(from, from + 30)).toContain('bulk')
})

test('strict: a lower lane waits until the higher ones are empty', async () => {
  const order = await orderOf({ critical: 300, bulk: 60 }, { worker: { scheduling: 'strict' } })
  expect(count(order.slice(0, 300), 'critical')).toBe(300)
})

test('the guaranteed minimum of a lane holds against any weight', async () => {
  const lanes = { critical: { weight: 1000 }, standard: {}, bulk: { weight: 0.001, minShare: 0.2 } }
  const order = await orderOf({ critical: 100, bulk: 100 }, { lanes })
  expect(count(order.slice(0, 100), 'bulk')).toBeGreaterThanOrEqual(19)
  expect(count(order.slice(0, 100), 'bulk')).toBeLessThanOrEqual(22)
})
