/**
 * Publishes a probe to every partition again and again, reads them back, and keeps account. An outage is what it is there to measure: nothing
 * that the log answers ends it.
 * @module
 */
import { sleep, type Clock, type Timer } from '../clock.ts'
import type { FetchedBatch, Log, PartitionOffsets, TopicPartition } from '../transport/index.ts'
import { Account, type Bracket, type Moment } from './account.ts'
import { ClockOffsets } from './clock-offset.ts'
import { probeIn, probeRecord } from './probe.ts'
import { probeReport, type CanaryReport } from './report.ts'
import { canaryPrefix, type CanaryTopic } from './topics.ts'

export interface CanaryOptions {
  readonly log: Log
  readonly clock: Clock
  readonly app: string
  /** They must exist. */
  readonly topics: readonly CanaryTopic[]
  /** Between two probes of a partition. Default 1 s. */
  readonly intervalMs?: number
  /** An acknowledged probe that was not read for so long is lost. Default 30 s. */
  readonly lostAfterMs?: number
  /** Tells its probes from those of other canaries. */
  readonly run: string
}

interface Watched extends TopicPartition {
  readonly lane: string
  readonly account: Account
  offset: number
  leader: number | null
  hasAppendTime: boolean
  lastError: string | null
}

const readBytes = 256 * 1024
const readWaitMs = 1_000
const readRetryMs = 250
/** Between two looks at who leads what. */
const leadersEveryMs = 5_000

export class Canary {
  readonly #options: Required<CanaryOptions>
  readonly #clocks = new ClockOffsets()
  readonly #stopped = new AbortController()
  #watched: readonly Watched[] = []
  #startedAt = 0
  #readFailures = 0
  #timer: Timer | undefined
  #loops: Promise<unknown>[] = []
  #changed: (() => void) | undefined

  constructor(options: CanaryOptions) {
    this.#options = { intervalMs: 1_000, lostAfterMs: 30_000, ...options }
  }

  /** Begins at the ends of the partitions. @throws the log's errors */
  async start(): Promise<void> {
    const { log, clock, topics, lostAfterMs } = this.#options
    const lanes = new Map(topics.map(({ lane, spec }) => [spec.name, lane]))
    const offsets = await log.admin.offsets([...lanes.keys()])
    this.#startedAt = clock.monotonic()
    this.#watched = offsets.map(({ topic, partition, end }) => ({
      lane: lanes.get(topic)!,
      topic,
      partition,
      account: new Account(lostAfterMs, this.#startedAt),
      offset: end,
      leader: null,
      hasAppendTime: false,
      lastError: null,
    }))
    await this.#lookAtLeaders()
    this.#loops = [...this.#watched.map((partition) => this.#follow(partition)), this.#followLeaders()]
    this.#tick()
  }

  report(): CanaryReport {
    const { app, run, clock, topics } = this.#options
    const now = clock.monotonic()
    for (const { account } of this.#watched) account.expire(now)
    const byLane = Map.groupBy(this.#watched, ({ lane }) => lane)
    return {
      app,
      run,
      at: clock.now(),
      forMs: now - this.#startedAt,
      lanes: topics.map(({ lane }) => probeReport(lane, byLane.get(lane) ?? [], now)),
      partitions: this.#watched.map((each) => {
        const { topic, partition, leader, lastError } = each
        return { topic, partition, leader, lastError, ...probeReport(each.lane, [each], now) }
      }),
      clocks: this.#clocks.all,
      readFailures: this.#readFailures,
    }
  }

  /** Of every partition, for histograms. */
  get accounts(): readonly (TopicPartition & { readonly lane: string; readonly account: Account })[] {
    return this.#watched
  }

  /** Sends no more, and waits for what is on its way: for each until it is read or lost, in all at most `graceMs`. */
  async stop(graceMs = this.#options.lostAfterMs): Promise<void> {
    const { clock } = this.#options
    this.#timer?.cancel()
    const enough = new AbortController()
    const late = sleep(clock, graceMs, enough.signal).catch(() => undefined)
    let isLate = false
    void late.then(() => (isLate = true))
    while (!isLate && this.#watched.some(({ account }) => account.counts.inFlight + account.counts.pending > 0)) {
      await Promise.race([late, new Promise<void>((resolve) => (this.#changed = resolve))])
    }
    enough.abort()
    this.#stopped.abort()
    await Promise.all(this.#loops)
  }

  #tick(): void {
    const { clock, intervalMs } = this.#options
    this.#timer = clock.setTimer(intervalMs, () => this.#tick())
    for (const partition of this.#watched) {
      partition.account.expire(clock.monotonic())
      if (partition.account.counts.inFlight > 0) partition.account.skip()
      else void this.#send(partition)
    }
  }

  async #send(to: Watched): Promise<void> {
    const { log, run } = this.#options
    const sent = this.#moment()
    const number = to.account.send(sent)
    try {
      const [outcome] = await log.append([probeRecord(to, { run, number }, sent.wall)])
      if ('error' in outcome!) {
        to.lastError = outcome.error.message
        to.account.fail(number, 'failed')
      } else this.#tell(to, to.account.acknowledge(number, this.#moment()))
    } catch (error) {
      to.lastError = (error as Error).message
      to.account.fail(number, 'unknown')
    }
    this.#changed?.()
  }

  async #follow(from: Watched): Promise<void> {
    const { log, clock } = this.#options
    const { signal } = this.#stopped
    const { topic, partition } = from
    while (!signal.aborted) {
      try {
        const wanted = { topic, partition, offset: from.offset, maxBytes: readBytes, maxWaitMs: readWaitMs, signal }
        this.#take(from, await log.read(wanted))
      } catch (error) {
        if (signal.aborted) return
        this.#readFailures++
        if ((error as { code?: string }).code === 'VLX_OFFSET_OUT_OF_RANGE') await this.#returnToEnd(from)
        await sleep(clock, readRetryMs, signal).catch(() => undefined)
      }
    }
  }

  #take(from: Watched, batch: FetchedBatch): void {
    const { run, clock } = this.#options
    from.offset = batch.nextOffset
    const at = clock.monotonic()
    for (const record of batch.records) {
      const probe = probeIn(record)
      if (probe?.run === run) this.#tell(from, from.account.see(probe.number, at, record.timestamp))
    }
    batch.release?.()
    if (batch.records.length > 0) this.#changed?.()
  }

  /** The partition ends before where it was read to: it lost records, or was made again. */
  async #returnToEnd(from: Watched): Promise<void> {
    const offsets = await this.#options.log.admin.offsets([from.topic]).catch((): PartitionOffsets[] => [])
    const now = offsets.find(({ partition }) => partition === from.partition)
    if (now !== undefined && now.end < from.offset) from.offset = now.end
  }

  #tell({ leader, hasAppendTime }: Watched, bracket: Bracket | undefined): void {
    if (bracket === undefined || leader === null || leader < 0 || !hasAppendTime) return
    this.#clocks.add(leader, bracket, this.#options.clock.monotonic())
  }

  async #followLeaders(): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      await sleep(this.#options.clock, leadersEveryMs, signal).catch(() => undefined)
      if (!signal.aborted) await this.#lookAtLeaders()
    }
  }

  async #lookAtLeaders(): Promise<void> {
    const { log, app } = this.#options
    // While the log does not say, what was known stays.
    const states = (await log.admin.topology?.topics(canaryPrefix(app)).catch(() => [])) ?? []
    const byName = new Map(states.map((state) => [state.name, state]))
    for (const each of this.#watched) {
      const state = byName.get(each.topic)
      if (state === undefined) continue
      each.leader = state.partitions[each.partition]?.leader ?? null
      each.hasAppendTime = state.appendTime
    }
  }

  #moment(): Moment {
    const { clock } = this.#options
    return { at: clock.monotonic(), wall: clock.now() }
  }
}
