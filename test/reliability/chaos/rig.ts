/**
 * One run: a load on a real cluster, faults one after the other, then the end of the load; the history of it all is judged afterwards.
 * @module
 */
import { mkdirSync } from 'node:fs'
import { sleep, systemClock } from '../../../src/clock.ts'
import { veltrix } from '../../../src/index.ts'
import { kafka } from '../../../src/transport/kafka/index.ts'
import type { KafkaCluster } from '../../../src/cluster/index.ts'
import { randomOf } from '../../support/scenario.ts'
import { ChaosProcess } from './children.ts'
import { effectsIn, makeEffects } from './effects.ts'
import { Eyes, until } from './eyes.ts'
import { check, type Verdict } from './history/checker.ts'
import { Journal, machineTime } from './history/journal.ts'
import { historyOf } from './history/merge.ts'
import type { Fault, Stage } from './stage.ts'
import { keyCount, subscriptions, workload, type Mix } from './workload.ts'

export interface RunOptions {
  readonly cluster: KafkaCluster
  /** Of this run alone: names its topics and groups. */
  readonly app: string
  readonly faults: readonly Fault[]
  /** Empty or missing; the history stays there. */
  readonly directory: string
  readonly seed: number
  /** Events go on for at least so long after the last fault. Milliseconds, default 3,000. */
  readonly afterMs?: number
  /** So long after a fault has ended everything published before has to be done. Milliseconds, default 60,000. */
  readonly drainMs?: number
  /** Publish less when the machine has no time for 300 events a second, without any fault. Default false: such a run fails. */
  readonly adapt?: boolean
  /** Of the workers. Milliseconds, default 5,000. */
  readonly sessionMs?: number
  /** Of a control run: `none` acknowledges what was only sent. */
  readonly acks?: 'all' | 'none'
  /** Of a control run: `none` forgets effects. */
  readonly inbox?: 'sqlite' | 'none'
  /** Hears what happens. */
  readonly note?: (text: string) => void
}

const publishers = 2
const ratePerSecond = 330
/** What has to be reached for the load to count; the rest is for the machine's slow moments. */
const leastRate = 300
const slowestRate = 40
const adaptMs = 6_000
const workersAtFirst = 2
const plain: Mix = { slowShare: 0.005, slowMs: 500 }
const lookEveryMs = 1_000
/** Every run is to show both: an event given up, and one parked behind another. */
const expectedLetters = ['billing dead', 'ledger parked']
const lettersWithinMs = 120_000

export async function runChaos(options: RunOptions): Promise<Verdict> {
  const run = new Run(options)
  try {
    await run.play()
  } finally {
    await run.end()
  }
  return check(historyOf(options.directory))
}

class Run {
  readonly #options: RunOptions
  readonly #journal: Journal
  readonly #sessionMs: number
  readonly #drainMs: number
  readonly #publishers: ChaosProcess[] = []
  readonly #workers: ChaosProcess[] = []
  readonly #rig
  #names = 0
  readonly #over = new AbortController()
  #looking: Promise<void> | undefined

  constructor(options: RunOptions) {
    this.#options = options
    const { directory, cluster, app, sessionMs = 5_000, drainMs = 60_000 } = options
    mkdirSync(directory, { recursive: true })
    makeEffects(directory)
    this.#sessionMs = sessionMs
    this.#drainMs = drainMs
    this.#journal = new Journal(directory, 'rig')
    // Quick to give up: the rig asks again.
    const transport = kafka({ brokers: cluster.brokers, requestTimeout: 3_000, connectTimeout: 1_000 })
    this.#rig = veltrix(workload(app, sessionMs), { transport })
  }

  async play(): Promise<void> {
    const { cluster, faults, afterMs = 3_000 } = this.#options
    this.#journal.write({ what: 'facts', subscriptions, sessionMs: this.#sessionMs, drainMs: this.#drainMs, leastRate })
    const eyes = new Eyes(await this.#rig.open(), this.#rig.config, this.#journal, cluster.brokers)
    await this.#begin(eyes)
    for (const fault of faults) await this.#suffer(fault, eyes)
    await this.#pause(afterMs)
    // However slow the machine: a run in which no letter was written would have shown little.
    await until(lettersWithinMs, () => (eyes.hasMet(expectedLetters) ? true : undefined))
    await Promise.all(this.#publishers.map((publisher) => publisher.stop()))
    const ends = await eyes.ends()
    const leftAfterMs = await this.#drained(eyes, ends)
    const leftToDo = eyes.behind(ends)
    await Promise.all(this.#workers.map((worker) => worker.stop()))
    this.#over.abort()
    await this.#looking
    for (const row of effectsIn(this.#options.directory)) this.#journal.write({ what: 'rows', ...row })
    this.#journal.write({ what: 'finish', drained: leftAfterMs !== undefined, leftToDo })
  }

  /** Kills whatever is left, also after a failure. */
  async end(): Promise<void> {
    this.#over.abort()
    await Promise.all([...this.#publishers, ...this.#workers].map((each) => each.kill()))
    await this.#looking
    await this.#rig.stop()
  }

  async #begin(eyes: Eyes): Promise<void> {
    await Promise.all(Array.from({ length: workersAtFirst }, () => this.#startWorker()))
    for (let nth = 0; nth < publishers; nth++) this.#startPublisher(nth)
    await Promise.all(this.#publishers.map(({ ready }) => ready))
    this.#looking = this.#look(eyes)
    // The faults are to meet a load that is under way.
    const enough = ratePerSecond * 2
    while (eyes.progress < enough) await this.#pause(100)
    if (this.#options.adapt === true) await this.#adapt(eyes)
  }

  /** A machine that is busy with other things gets what it can do, and room to catch up; what is promised holds at any rate. */
  async #adapt(eyes: Eyes): Promise<void> {
    const startedAt = machineTime()
    const before = eyes.progress
    await this.#pause(adaptMs)
    const handled = (eyes.progress - before) / subscriptions.length / ((machineTime() - startedAt) / 1_000)
    if (handled >= leastRate) return
    const rate = Math.max(slowestRate, Math.round(handled / 2))
    this.#options.note?.(`The machine handles only ${handled.toFixed(0)} events/s: ${rate} are published.`)
    this.#journal.write({ what: 'load', leastRate: Math.round(rate / 2) })
    for (const publisher of this.#publishers) publisher.tellLoad({ rate: rate / publishers })
  }

  async #look(eyes: Eyes): Promise<void> {
    while (!this.#over.signal.aborted) {
      // What cannot be seen now is seen later.
      await eyes.look().catch(() => {})
      await this.#pause(lookEveryMs).catch(() => {})
    }
  }

  async #suffer(fault: Fault, eyes: Eyes): Promise<void> {
    const { note = () => {} } = this.#options
    const startedAt = machineTime()
    const seconds = (): string => `${((machineTime() - startedAt) / 1_000).toFixed(1)} s`
    if (fault.mix) this.#mix(fault.mix)
    this.#journal.write({ what: 'fault begins', fault: fault.name, needs: fault.needs })
    note(`${fault.name}: ${fault.about}`)
    await fault.run(this.#stage(eyes, note))
    this.#journal.write({ what: 'fault ends', fault: fault.name })
    note(`${fault.name}: over after ${seconds()}`)
    if (fault.mix) this.#mix(plain)
    const endedAt = machineTime()
    const afterMs = await this.#drained(eyes, await eyes.ends(), endedAt)
    this.#journal.write({ what: 'drained', fault: fault.name, afterMs: afterMs ?? null })
    const drained = afterMs === undefined ? 'NOT done' : `done ${(afterMs / 1_000).toFixed(1)} s`
    note(`${fault.name}: what was published before is ${drained} after its end`)
  }

  /** How long it takes, from `startedAt` on, until everything below `ends` is committed; undefined when it takes too long. */
  async #drained(
    eyes: Eyes,
    ends: Readonly<Record<string, number>>,
    startedAt = machineTime(),
  ): Promise<number | undefined> {
    while (eyes.behind(ends) !== undefined) {
      if (machineTime() - startedAt > this.#drainMs) return undefined
      await this.#pause(100)
    }
    return machineTime() - startedAt
  }

  #stage(eyes: Eyes, note: (text: string) => void): Stage {
    const { cluster, seed } = this.#options
    const workers = (): readonly ChaosProcess[] => this.#workers.filter(({ isOver }) => !isOver)
    return {
      cluster,
      eyes,
      random: randomOf(seed).fork('faults'),
      sessionMs: this.#sessionMs,
      get workers() {
        return workers()
      },
      startWorker: () => this.#startWorker(),
      mix: (mix) => this.#mix(mix),
      last: (ms) => this.#pause(ms),
      seen: (kind, text) => {
        this.#journal.write({ what: 'seen', kind, text })
        note(`  ${kind}${text === undefined ? '' : `: ${text}`}`)
      },
    }
  }

  #mix(mix: Mix): void {
    for (const publisher of this.#publishers) publisher.tellLoad({ mix })
  }

  #startPublisher(nth: number): void {
    const { seed, acks = 'all' } = this.#options
    const keys = keyCount / publishers
    const orders = { firstKey: nth * keys, keys, rate: ratePerSecond / publishers, seed, mix: plain, acks }
    this.#publishers.push(
      new ChaosProcess('publisher-child.ts', { ...this.#orders(`publisher-${nth + 1}`), ...orders }, this.#journal),
    )
  }

  async #startWorker(): Promise<ChaosProcess> {
    const { inbox = 'sqlite' } = this.#options
    const orders = { ...this.#orders(`worker-${++this.#names}`), inbox }
    const worker = new ChaosProcess('worker-child.ts', orders, this.#journal)
    this.#workers.push(worker)
    await worker.ready
    return worker
  }

  #orders(name: string) {
    const { directory, cluster, app } = this.#options
    return { name, directory, brokers: cluster.brokers, app, sessionMs: this.#sessionMs }
  }

  #pause(ms: number): Promise<void> {
    return sleep(systemClock, ms, this.#over.signal)
  }
}
