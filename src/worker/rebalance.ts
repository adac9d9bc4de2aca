/**
 * Partitions coming and going: what a new one needs before it may be fetched, and how one is let go.
 * @module
 */
import { channelOf } from '../channels.ts'
import { sleep, type Clock } from '../clock.ts'
import type { AssignedPartition, ConsumerListener, TopicPartition } from '../transport/index.ts'
import type { Attempts } from './attempts.ts'
import type { Committer } from './committer.ts'
import type { Duplicates } from './duplicates.ts'
import { HandlerInterrupted } from './errors.ts'
import type { HeldPartitions } from './held-partitions.ts'
import type { Letters } from './letters.ts'
import { PartitionWork, type PartitionLimits } from './partition-work.ts'

export interface RebalanceOptions {
  readonly subscription: string
  readonly clock: Clock
  /** Stream and lane of the topics that are taken. */
  readonly places: ReadonlyMap<string, { readonly stream: string; readonly lane: number }>
  readonly limits: PartitionLimits
  /** How long running handlers may take when their partition is asked back. */
  readonly revokeTimeoutMs: number
  readonly held: HeldPartitions
  readonly attempts: Attempts
  readonly letters: Letters
  readonly committer: Committer
  /** Undefined where nothing is stored twice. */
  readonly duplicates: Duplicates | undefined
  /** A partition may be fetched. */
  readonly ready: (work: PartitionWork) => void
  readonly trouble: (doing: string, error: Error) => void
}

const partitionsChannel = channelOf('veltrix:worker:partitions')

/** Aborted handlers get this long to return before their partition is given up under them. */
const abortGraceMs = 1_000
const prepareRetryMs = 500

export class Rebalance implements ConsumerListener {
  private readonly options: RebalanceOptions
  /** The time for finishing is over: handlers were aborted. */
  private hurry = false
  private readonly stopped = new AbortController()

  constructor(options: RebalanceOptions) {
    this.options = options
  }

  assigned(partitions: readonly AssignedPartition[]): void {
    const { places, limits, held } = this.options
    this.announce('assigned', partitions)
    for (const assigned of partitions) {
      const place = places.get(assigned.topic)
      if (!place) continue
      const work = new PartitionWork(assigned, place, limits)
      held.add(work)
      // Not to be fetched before it is known which keys are parked.
      work.fetching = true
      void this.prepare(work)
    }
  }

  private async prepare(work: PartitionWork): Promise<void> {
    const { clock, letters, duplicates, ready, trouble } = this.options
    const { signal } = this.stopped
    while (!work.gone && !work.closing && !signal.aborted) {
      try {
        await letters.prepare(work)
        await duplicates?.prepare(work, signal)
        break
      } catch (error) {
        trouble('prepare a partition', error as Error)
        await sleep(clock, prepareRetryMs, signal).catch(() => {})
      }
    }
    if (work.gone || work.closing || signal.aborted) return
    work.fetching = false
    ready(work)
    letters.resume(work)
  }

  async revoked(partitions: readonly TopicPartition[]): Promise<void> {
    const { attempts, committer } = this.options
    this.announce('revoked', partitions)
    const works = this.worksOf(partitions)
    for (const work of works) work.closing = true
    attempts.dropGathered((work) => works.has(work))
    await this.finish(works)
    // What cannot be stored now is repeated by the next owner; it must not wait for ever.
    await this.bounded(Promise.allSettled([...works].filter(hasProgress).map((work) => committer.persisted(work))))
    this.remove(works)
  }

  lost(partitions: readonly TopicPartition[]): void {
    this.announce('lost', partitions)
    this.remove(this.worksOf(partitions))
  }

  failed(error: Error): void {
    this.options.trouble('stay in the group', error)
  }

  /** Resolves when nothing of `works` runs or is being kept, or `signal` aborts. */
  async settled(works: ReadonlySet<PartitionWork>, signal: AbortSignal): Promise<void> {
    const { running } = this.options.attempts
    const tell = (): void => running.tellIdle()
    signal.addEventListener('abort', tell, { once: true })
    while (isBusy(works) && !signal.aborted) await running.nextEnd()
    signal.removeEventListener('abort', tell)
  }

  /** Handlers are aborted; what is still to be let go is let go soon. */
  abortAll(): void {
    this.hurry = true
    this.options.attempts.running.abort(new HandlerInterrupted('The worker stops.'))
  }

  stop(): void {
    this.stopped.abort()
  }

  /** Running handlers get `revokeTimeoutMs`, then they are aborted, then they are left behind. */
  private async finish(works: ReadonlySet<PartitionWork>): Promise<void> {
    if (await this.settledWithin(works, this.hurry ? abortGraceMs : this.options.revokeTimeoutMs)) return
    this.options.attempts.running.abort(new HandlerInterrupted('The partition is taken away.'), works)
    await this.settledWithin(works, abortGraceMs)
  }

  private async settledWithin(works: ReadonlySet<PartitionWork>, limitMs: number): Promise<boolean> {
    const limit = new AbortController()
    const timer = this.options.clock.setTimer(limitMs, () => limit.abort())
    await this.settled(works, limit.signal)
    timer.cancel()
    return !isBusy(works)
  }

  private bounded(work: Promise<unknown>): Promise<unknown> {
    const limit = new AbortController()
    const late = sleep(this.options.clock, this.options.revokeTimeoutMs, limit.signal).catch(() => {})
    return Promise.race([work, late]).finally(() => limit.abort())
  }

  private remove(works: ReadonlySet<PartitionWork>): void {
    const { attempts, committer, held } = this.options
    attempts.dropGathered((work) => works.has(work))
    attempts.running.abort(new HandlerInterrupted('The partition was taken away.'), works)
    for (const work of works) {
      work.gone = true
      committer.drop(work)
      held.remove(work)
    }
    attempts.running.tellIdle()
  }

  private worksOf(partitions: readonly TopicPartition[]): Set<PartitionWork> {
    return new Set(partitions.flatMap((partition) => this.options.held.get(partition) ?? []))
  }

  private announce(change: 'assigned' | 'revoked' | 'lost', partitions: readonly TopicPartition[]): void {
    const places = partitions.map(({ topic, partition }) => ({ topic, partition }))
    partitionsChannel.publish({ subscription: this.options.subscription, change, partitions: places })
  }
}

function isBusy(works: ReadonlySet<PartitionWork>): boolean {
  for (const work of works) if (!work.gone && (work.running > 0 || work.keeping > 0)) return true
  return false
}

/** Whether committing says anything that was not said before. */
function hasProgress(work: PartitionWork): boolean {
  return !work.gone && ((work.recovered && work.reservedStored > 0) || !work.staged.isEmpty)
}
