/**
 * Looking through very many dead letters.
 * @module
 */
import { join } from 'node:path'
import { defineVeltrix, event, Unrecoverable, veltrix, type DeadLetters } from '../../src/index.ts'
import { embedded } from '../../src/transport/embedded/index.ts'
import { allStored } from '../finish.ts'
import { items, schema } from '../payload.ts'
import { sized, type Figures, type Scenario } from '../scenario.ts'

export default {
  name: 'dead-letters',
  title: 'looking through 100,000 dead letters: the slowest answer',
  unit: 'ms',
  goal: { atMost: 1000 },
  how: 'the first event of each of 1,000 keys fails for good, 99 others wait parked behind it; another process of the application then reads both topics, and asks once each for a page of 100 letters by condition, groups, parked keys, counts, and a dry run of redriving all of them',
  async measure(round) {
    const directory = join(round.directory, 'log')
    const total = sized(round, 100_000)
    await fill(directory, total)
    const app = application(directory)
    try {
      return await look(await app.deadLetters(), total)
    } finally {
      await app.stop()
    }
  },
} satisfies Scenario

function application(directory: string) {
  const config = defineVeltrix({
    app: 'bench',
    streams: { things: { key: 'key', partitions: 12, events: { 'thing.done': event(schema) } } },
    subscriptions: { taker: { events: ['thing.done'], onDeadLetter: 'park-key' } },
    transport: embedded({ directory }),
  })
  return veltrix(config).handle('taker', 'thing.done', ({ data }) => {
    throw new Unrecoverable(`there is no ${data.key} in "things" since ${Date.now()}`)
  })
}

async function fill(directory: string, total: number): Promise<void> {
  const app = application(directory)
  for (let stored = 0; stored < total; stored += 10_000) {
    allStored(await app.publishMany(items('thing.done', Math.min(10_000, total - stored))))
  }
  await app.start()
  const letters = await app.deadLetters()
  while ((await letters.list('taker', {}, { limit: 1 })).total < total) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await app.stop()
}

async function look(letters: DeadLetters, total: number): Promise<Figures> {
  const first = await timed(() => letters.list('taker', {}, { limit: 1 }))
  if (first.answer.total !== total) throw new Error(`${first.answer.total} letters of ${total} are there.`)
  const page = await timed(() => letters.list('taker', { error: 'no K0001', type: 'thing.done' }, { limit: 100 }))
  const groups = await timed(() => letters.groups('taker'))
  const keys = await timed(() => letters.parkedKeys('taker'))
  const counts = await timed(() => letters.counts())
  const dry = await timed(() => letters.dryRun('taker', 'redrive', { all: true }))
  return {
    value: Math.max(...[page, groups, keys, counts, dry].map(({ ms }) => ms)),
    parts: {
      'first reading of both topics, ms': first.ms,
      'page by condition, ms': page.ms,
      'groups, ms': groups.ms,
      'parked keys, ms': keys.ms,
      'counts, ms': counts.ms,
      'dry run, ms': dry.ms,
    },
  }
}

async function timed<T>(ask: () => Promise<T>): Promise<{ answer: T; ms: number }> {
  const from = performance.now()
  const answer = await ask()
  return { answer, ms: performance.now() - from }
}
