/**
 * Publishes the flights and waits until both subscriptions are through.
 * @module
 */
import { veltrix, type App } from '../../src/index.ts'
import type { Evidence } from './checks.ts'
import type { Flight } from './records.ts'
import { Statistics, Timeline } from './statistics.ts'
import { flightsConfig, laneOf } from './veltrix.config.ts'

export interface RunOptions {
  /** What the checks go by. */
  readonly flights: readonly Flight[]
  /** What is published; the same, unless somebody wants to see a check fail. */
  readonly published: readonly { readonly flight: Flight; readonly place: number }[]
  readonly directory: string
  /** Longest wait for the handlers after the last event was acknowledged. */
  readonly settleMs: number
}

export interface RunResult extends Evidence {
  readonly publishMs: number
  readonly handleMs: number
}

const chunk = 2000

export async function runFlights({ flights, published, directory, settleMs }: RunOptions): Promise<RunResult> {
  const statistics = new Statistics(flights)
  const timeline = new Timeline()
  const open = { statistics: published.length, timeline: published.length }
  const ended = Promise.withResolvers<void>()
  if (published.length === 0) ended.resolve()
  const done = (who: keyof typeof open): void => {
    open[who]--
    if (open.statistics <= 0 && open.timeline <= 0) ended.resolve()
  }
  const app = veltrix(flightsConfig(directory))
    .handle('statistics', 'flight.departed', (event, ctx) => {
      statistics.handle(event.data, Number(event.extensions['place']), ctx.lane)
      done('statistics')
    })
    .handle('timeline', 'flight.departed', (event) => {
      const { place, sequence } = event.extensions
      timeline.handle(event.key, Number(sequence), Number(place))
      done('timeline')
    })
  await app.start()
  try {
    const startedAt = performance.now()
    const acked = await publishAll(app, published)
    const publishMs = performance.now() - startedAt
    await Promise.race([ended.promise, after(settleMs)])
    const handleMs = performance.now() - startedAt
    const counts = await (await app.deadLetters()).counts()
    const deadLetters = [...counts.values()].reduce((sum, { total }) => sum + total, 0)
    return { flights, published: acked, statistics, timeline, deadLetters, publishMs, handleMs }
  } finally {
    await app.stop()
  }
}

/** Publishes in the order given. Answers how many were acknowledged. */
async function publishAll(
  app: App<ReturnType<typeof flightsConfig>>,
  published: RunOptions['published'],
): Promise<number> {
  const numbers = new Map<string, number>()
  let acked = 0
  for (let from = 0; from < published.length; from += chunk) {
    const items = published.slice(from, from + chunk).map(({ flight, place }) => {
      const sequence = numbers.get(flight.origin) ?? 0
      numbers.set(flight.origin, sequence + 1)
      return {
        type: 'flight.departed' as const,
        data: flight,
        lane: laneOf(flight.delay),
        extensions: { place: String(place), sequence: String(sequence) },
      }
    })
    const outcomes = await app.publishMany(items)
    acked += outcomes.filter((outcome) => outcome.ok).length
  }
  return acked
}

async function after(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms).unref())
}
