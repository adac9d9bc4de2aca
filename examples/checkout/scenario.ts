/**
 * What `veltrix dev` runs beside the app: the customers, and at the end the books.
 * @module
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { setTimeout as wait } from 'node:timers/promises'
import type { Scenario } from '../../src/cli/scenario.ts'
import type { App, ChannelMessages, DeadLetters, EventNote } from '../../src/index.ts'
import { countDuplicates, forgetEffects } from './effects.ts'
import type { PaymentProvider } from './provider.ts'
import type { Recorder } from './recorder.ts'
import { customers } from './traffic.ts'
import type config from './veltrix.config.ts'

export interface ScenarioParts {
  readonly recorder: Recorder
  readonly provider: PaymentProvider
  readonly missingSku: string
}

type Checkout = App<typeof config, unknown>

export function checkoutScenario({ recorder, provider, missingSku }: ScenarioParts): Scenario<Checkout> {
  const hear = (message: unknown): void => {
    const { id, subscription } = message as EventNote
    recorder.kept(id, subscription)
  }
  // Listens from now on: subscriptions get their partitions while the app starts.
  const opened = openedSubscriptions()
  let app: Checkout
  return {
    async traffic(running, signal, tell) {
      app = running
      for (const name of ['veltrix:worker:dead', 'veltrix:worker:parked']) subscribe(name, hear)
      forgetEffects(Date.now())
      await dropOldLetters(running)
      // Customers come when the shop is open: else the first orders would measure how long it takes to open.
      await opened.all(running.config.subscriptions.keys(), signal)
      await customers({ app, recorder, provider, missingSku, signal, tell })
    },
    settled: () => recorder.open === 0,
    async summary() {
      for (const name of ['veltrix:worker:dead', 'veltrix:worker:parked']) unsubscribe(name, hear)
      return books(app, recorder, provider)
    },
  }
}

interface Opened {
  /** Resolves when each of them has its partitions, or after twenty seconds. */
  all(subscriptions: Iterable<string>, signal: AbortSignal): Promise<void>
}

function openedSubscriptions(): Opened {
  const open = new Set<string>()
  subscribe('veltrix:worker:partitions', (message) => {
    const { subscription, change } = message as ChannelMessages['veltrix:worker:partitions']
    if (change === 'assigned') open.add(subscription)
  })
  return {
    async all(subscriptions, signal) {
      const wanted = [...subscriptions]
      const latest = performance.now() + 20_000
      while (!signal.aborted && performance.now() < latest && !wanted.every((name) => open.has(name))) await wait(5)
    },
  }
}

/** Everything counted, none of it by the platform's own figures. */
async function books(app: Checkout, recorder: Recorder, provider: PaymentProvider): Promise<Record<string, unknown>> {
  const kept = await keptLetters(app, recorder)
  // What the platform said it keeps must really be there to be read.
  const missing = recorder.keptPairs().filter((pair) => !kept.pairs.has(pair))
  const unfinished = recorder.unfinished().filter((pair) => !kept.pairs.has(pair))
  const lost = missing.length + unfinished.length
  const duplicateEffects = countDuplicates(recorder.run) + provider.capturedTwice
  const { published, failedPublishes, handled, outOfOrder, repeats, leftovers } = recorder
  return {
    published,
    failedPublishes,
    handled,
    lost,
    outOfOrder,
    duplicateEffects,
    deadLetters: kept.dead,
    parked: kept.parked,
    repeats,
    leftovers,
    lanes: Object.fromEntries(
      app.config.lanes.map(({ name }) => {
        const latencies = recorder.latencies(name)
        return [name, { p50Ms: latencies.quantile(0.5), p99Ms: latencies.quantile(0.99) }]
      }),
    ),
    failed: lost + outOfOrder + duplicateEffects > 0,
  }
}

async function keptLetters(
  app: Checkout,
  recorder: Recorder,
): Promise<{ dead: number; parked: number; pairs: Set<string> }> {
  const letters = await app.deadLetters()
  const found = { dead: 0, parked: 0, pairs: new Set<string>() }
  for (const subscription of app.config.subscriptions.keys()) {
    for await (const letter of allLetters(letters, subscription)) {
      if (!recorder.isOwn(letter.eventId)) continue
      found.pairs.add(`${letter.eventId} ${subscription}`)
      found[letter.kind]++
    }
  }
  return found
}

async function* allLetters(letters: DeadLetters, subscription: string) {
  let after: string | undefined
  do {
    const page = await letters.list(subscription, {}, { limit: 1000, ...(after === undefined ? {} : { after }) })
    yield* page.letters
    after = page.next
  } while (after !== undefined)
}

/** Dead letters of earlier runs are let go: the example may be run any number of times. */
async function dropOldLetters(app: Checkout): Promise<void> {
  const letters = await app.deadLetters()
  for (const [subscription, { total }] of await letters.counts()) {
    if (total > 0)
      await letters.discard(subscription, { all: true }, { reason: 'left by an earlier run of the example' })
  }
}
