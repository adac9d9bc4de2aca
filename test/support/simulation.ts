/**
 * One simulated run: draws a scenario from its seed, lets it happen on a virtual clock and a faulty log, ends the faults, waits until all is
 * brought to its end, and has the whole history judged.
 * @module
 */
import { channelOf } from '../../src/channels.ts'
import { DeadLetters } from '../../src/deadletter/index.ts'
import { memoryInbox } from '../../src/inbox/index.ts'
import { partitionForKey } from '../../src/transport/index.ts'
import { VirtualClock } from '../../src/testing/clock.ts'
import { outputPartitions, outputTopic } from './judge-outputs.ts'
import { leftToDo } from './judge-world.ts'
import { Judge, type Violation } from './judge.ts'
import type { SubscriptionFacts } from './judge-world.ts'
import { lineOf, type ApplicationEntry, type HistoryEntry } from './history.ts'
import {
  drawScenario,
  randomOf,
  type ActionKind,
  type Additions,
  type Publication,
  type Random,
  type Scenario,
} from './scenario.ts'
import { SimulatedProcess, type Tampering } from './simulated-process.ts'
import { simulatedTransport, noFaults, type SimulatedCluster, type SimulatedLog } from './simulated-log.ts'
import { drawnFaults } from './drawn-faults.ts'

/** Virtual time from the end of the faults until everything must have come to its end. */
const drainLimitMs = 120_000

export interface SimulationResult {
  readonly seed: number
  readonly facts: readonly SubscriptionFacts[]
  readonly history: readonly HistoryEntry[]
  readonly violations: readonly Violation[]
}

/** @param additions kinds of faults that are left out, for seeds found before there were these */
export function simulate(seed: number, tampering?: Tampering, additions?: Additions): Promise<SimulationResult> {
  return new Simulation(drawScenario(seed, additions), tampering).run()
}

class Simulation {
  readonly #scenario: Scenario
  readonly #tampering: Tampering | undefined
  readonly #clock = new VirtualClock({ turns: 0 })
  readonly #random: Random
  readonly #transport: ReturnType<typeof simulatedTransport>
  readonly #processes: SimulatedProcess[] = []
  readonly #history: HistoryEntry[] = []
  readonly #facts: readonly SubscriptionFacts[]
  readonly #judge: Judge
  readonly #inbox: ReturnType<typeof memoryInbox> | undefined
  #publisher!: SimulatedLog
  #desk!: DeadLetters
  #unpublished = 0
  #runs = 0
  #started = 0
  #calmed = false

  constructor(scenario: Scenario, tampering: Tampering | undefined) {
    this.#scenario = scenario
    this.#tampering = tampering
    this.#random = randomOf(scenario.seed).fork('run')
    this.#inbox = scenario.inbox ? memoryInbox() : undefined
    this.#facts = factsOf(scenario)
    this.#judge = new Judge(this.#facts)
    const latency = this.#random.fork('latency')
    this.#transport = simulatedTransport({
      clock: this.#clock,
      latency: () => latency.int(1, 4),
      features: {
        maxCommitMetadataBytes: scenario.maxMetadataBytes,
        dedupeWindowMs: scenario.repeats ? 0 : 600_000,
      },
      rebalanceTimeoutMs: scenario.rebalanceTimeoutMs,
    })
    this.#cluster.observe = (entry) => this.#record(entry)
  }

  get #cluster(): SimulatedCluster {
    return this.#transport.cluster
  }

  async run(): Promise<SimulationResult> {
    const troubles = channelOf('veltrix:worker:trouble')
    const onTrouble = (message: unknown): void => {
      const { subscription, doing, error } = message as { subscription: string; doing: string; error: Error }
      this.#note(`${subscription} has trouble to ${doing}: ${error.message}`)
    }
    troubles.subscribe(onTrouble)
    try {
      return await this.#run()
    } finally {
      troubles.unsubscribe(onTrouble)
    }
  }

  async #run(): Promise<SimulationResult> {
    await this.#prepare()
    for (let worker = 0; worker < this.#scenario.workers; worker++) await this.#startProcess()
    await this.#active()
    await this.#calm()
    return {
      seed: this.#scenario.seed,
      facts: this.#facts,
      history: this.#history,
      violations: this.#judge.violations,
    }
  }

  async #prepare(): Promise<void> {
    const { config } = this.#scenario
    const keeping = { retentionMs: Infinity, retentionBytes: Infinity }
    for (const stream of config.streams.values()) {
      for (const name of stream.topics.values()) {
        this.#cluster.createTopics([{ name, partitions: stream.partitions, ...keeping }])
      }
    }
    this.#cluster.createTopics([{ name: outputTopic, partitions: outputPartitions, ...keeping }])
    for (const { deadTopic, auditTopic } of config.subscriptions.values()) {
      this.#cluster.createTopics([deadTopic, auditTopic].map((name) => ({ name, partitions: 1, ...keeping })))
    }
    this.#cluster.faults = drawnFaults(this.#random.fork('faults'), this.#scenario)
    this.#publisher = await this.#transport.open({ clientId: 'publisher' })
    const log = await this.#transport.open({ clientId: 'desk' })
    this.#desk = new DeadLetters({ log, config, clock: this.#clock, by: 'desk' })
  }

  async #active(): Promise<void> {
    const { publications, actions, activeMs } = this.#scenario
    const steps = [
      ...publications.map((publication) => ({ atMs: publication.atMs, act: () => this.#publish(publication) })),
      ...actions.map(({ atMs, kind, pick }) => ({ atMs, act: () => this.#act(kind, pick) })),
    ].sort((a, b) => a.atMs - b.atMs)
    for (const { atMs, act } of steps) {
      await this.#clock.advanceTo(atMs)
      if (this.#judge.violations.length > 0) return
      await act()
    }
    await this.#clock.advanceTo(activeMs)
  }

  async #calm(): Promise<void> {
    if (this.#judge.violations.length > 0) return this.#giveUp()
    this.#note('faults end')
    this.#cluster.faults = noFaults
    this.#calmed = true
    if (this.#up.length === 0) await this.#startProcess()
    for (const { worker } of this.#up) for (const { name } of this.#facts) worker.resume(name)
    let drained = await this.#waitUntil(() => this.#unpublished === 0 && leftToDo(this.#judge.world) === undefined)
    if (this.#judge.violations.length > 0) return this.#giveUp()
    if (drained) drained = await this.#stopAll()
    this.#record({ kind: 'finish', at: this.#clock.monotonic(), drained })
    this.#giveUp()
  }

  async #stopAll(): Promise<boolean> {
    let open = this.#up.length
    let drained = true
    for (const process of this.#up) {
      void process.stop().then((ok) => {
        open--
        drained &&= ok
        this.#note(`${process.client} ${ok ? 'drained' : 'did NOT drain'}`)
        return undefined
      })
    }
    const ended = await this.#waitUntil(() => open === 0)
    return ended && drained
  }

  /** Looked at now and then only, for it reads the whole world, and once more at the end: no timer may be left by then. */
  async #waitUntil(holds: () => boolean): Promise<boolean> {
    let nextLook = 0
    const condition = (): boolean => {
      if (this.#judge.violations.length > 0) return true
      if (this.#clock.monotonic() < nextLook) return false
      nextLook = this.#clock.monotonic() + 25
      return holds()
    }
    return (await this.#clock.runUntil(condition, { limitMs: drainLimitMs })) || holds()
  }

  /** Whatever still runs is cut off, so that nothing of one simulation goes on into the next. */
  #giveUp(): void {
    for (const process of this.#processes) if (process.state !== 'stopped') process.log.crash()
  }

  get #up(): SimulatedProcess[] {
    return this.#processes.filter((process) => process.state === 'up')
  }

  async #startProcess(): Promise<void> {
    const log = await this.#transport.open({ clientId: `w${++this.#started}` })
    const process = new SimulatedProcess({
      scenario: this.#scenario,
      clock: this.#clock,
      log,
      random: this.#random.fork(`worker ${this.#started}`),
      inbox: this.#inbox,
      record: (entry) => this.#record(entry),
      nextRun: () => ++this.#runs,
      // With a breaker, an outage that never ends keeps everything waiting, as it should.
      healed: () => this.#calmed && this.#scenario.breaker,
      tampering: this.#tampering,
    })
    this.#processes.push(process)
    this.#note(`${process.client} starts`)
    process.start()
  }

  /** Appends until the log says it is stored: what got no answer is stored again, as another event with the same id. */
  #publish(publication: Publication): void {
    const { config } = this.#scenario
    const stream = config.streams.get(config.events.get(publication.type)!.stream)!
    const key = Buffer.from(publication.key)
    const record = {
      topic: stream.topics.get(publication.lane)!,
      partition: partitionForKey(key, stream.partitions),
      key,
      value: Buffer.from(publication.broken ? '{' : publication.other ? '{"other":1}' : '{}'),
      headers: [
        ['ce_specversion', '1.0'],
        ['ce_id', publication.id],
        ['ce_source', '/sim'],
        ['ce_type', publication.type],
        ['ce_time', new Date(this.#clock.now()).toISOString()],
        ['content-type', 'application/json'],
      ] as const,
      timestamp: this.#clock.now(),
    }
    this.#unpublished++
    const attempt = (): void => {
      const again = (): void => void this.#clock.setTimer(20, attempt)
      this.#publisher.append([record]).then(([outcome]) => {
        if (outcome && 'offset' in outcome) this.#unpublished--
        else again()
        return undefined
      }, again)
    }
    attempt()
  }

  async #act(kind: ActionKind, pick: number): Promise<void> {
    const up = this.#up
    const process = up[pick % Math.max(1, up.length)]
    const { name: subscription, group } = this.#facts[pick % this.#facts.length]!
    this.#note(`${kind} ${process?.client ?? ''} ${subscription}`)
    if (kind === 'start' && up.length < 4) await this.#startProcess()
    else if (kind === 'shake') this.#cluster.group(group).shake((count) => pick % Math.max(1, count))
    else if (kind === 'redrive') this.#ask(this.#desk.redrive(subscription, { all: true }, { rate: Infinity }))
    else if (kind === 'discard') this.#ask(this.#discardSome(subscription, pick))
    else if (kind === 'wall-clock') this.#clock.shiftWallClock((pick - 500) * 1000)
    if (!process) return
    if (kind === 'crash') process.crash()
    else if (kind === 'stop') void process.stop()
    else if (kind === 'zombie') process.log.consumers[pick % this.#facts.length]?.loseSession(pick * 3)
    else if (kind === 'pause') process.worker.pause(subscription)
    else if (kind === 'resume') process.worker.resume(subscription)
  }

  /** A person at the desk: what fails there fails. */
  #ask(request: Promise<unknown>): void {
    request.catch((error: Error) => this.#note(`refused: ${error.message}`))
  }

  async #discardSome(subscription: string, pick: number): Promise<void> {
    const { letters } = await this.#desk.list(subscription, {})
    const ids = letters.filter((_, index) => (index + pick) % 2 === 0).map((letter) => letter.id)
    if (ids.length > 0) await this.#desk.discard(subscription, { ids }, { reason: 'simulated' })
  }

  #note(text: string): void {
    this.#record({ kind: 'note', at: this.#clock.monotonic(), text })
  }

  #record(entry: HistoryEntry | ApplicationEntry): void {
    this.#history.push(entry)
    this.#judge.see(entry)
  }
}

function factsOf({ config, breaker, repeats }: Scenario): SubscriptionFacts[] {
  return [...config.subscriptions.values()].map((subscription) => ({
    name: subscription.name,
    group: subscription.group,
    topics: subscription.topics.map(({ topic }) => topic),
    types: subscription.events,
    attempts: subscription.retry.attempts,
    policy: subscription.onDeadLetter,
    deadTopic: subscription.deadTopic,
    auditTopic: subscription.auditTopic,
    breaker,
    dedupeIds: repeats ? config.worker.dedupe?.maxIds : undefined,
    exactlyOnce: subscription.exactlyOnce,
  }))
}

/** The failure as people want to see it: what broke, what came before, how to see it again. */
export function story({ seed, history, violations }: SimulationResult, before = 40): string {
  const first = violations[0]
  if (!first) return `seed ${seed}: no promise was broken`
  const lines = history.slice(Math.max(0, first.index - before), first.index + 1).map(lineOf)
  return [
    `Seed ${seed} breaks "${first.rule}": ${first.text}`,
    ...lines.map((line) => `  ${line}`),
    `Replay: npm run simulate -- --seed ${seed}`,
  ].join('\n')
}
