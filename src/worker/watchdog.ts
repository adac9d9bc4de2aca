/**
 * Watches that partitions move. One that has something to do, does nothing for a while, and has no reason for it that is known, is named
 * and restarted: first it is fetched anew, then the group is left and joined again.
 * @module
 */
import { channelOf } from '../channels.ts'
import type { Clock, Timer } from '../clock.ts'
import type { Log } from '../transport/index.ts'
import type { Fetcher } from './fetcher.ts'
import type { HeldPartitions } from './held-partitions.ts'
import type { PartitionWork } from './partition-work.ts'
import type { RunningHandlers } from './running.ts'
import { stallCause, type StallCause, type StallFacts } from './stall-cause.ts'

export interface WatchdogOptions {
  readonly subscription: string
  readonly clock: Clock
  readonly laneName: (lane: number) => string
  /** How long a partition may stand still; Infinity: for ever. */
  readonly stallAfterMs: number
  readonly held: HeldPartitions
  readonly log: Pick<Log, 'read' | 'admin'>
  readonly fetcher: Fetcher
  readonly running: RunningHandlers
  readonly facts: (work: PartitionWork) => Pick<StallFacts, 'paused' | 'outage'>
  /** Leaves the group and joins it again. */
  readonly rejoin: () => void
  /** Something may start. */
  readonly wake: () => void
}

/** What was done about it. `none`: nothing helps but what holds it, a handler that does not return. */
export type StallAction = 'fetch' | 'rejoin' | 'none'

export interface Stalled {
  readonly topic: string
  readonly partition: number
  readonly cause: StallCause
  readonly forMs: number
}

/** What is known of one partition's standing still. */
interface Stand {
  position: number
  done: number
  /** Since when there is something to fetch, and something in hand, and nothing came of it. */
  fetchSince: number | undefined
  workSince: number | undefined
  /** Restarts since it moved. */
  restarts: number
  cause: StallCause | undefined
  since: number
}

const stallChannel = channelOf('veltrix:worker:stall')
/** The group is left again only after so many times the stall's length, twice as many each time. */
const mostRejoinFactor = 64

export class Watchdog {
  /** How often a partition was found stalled since the worker started. */
  stalls = 0
  private readonly options: WatchdogOptions
  private readonly stands = new Map<PartitionWork, Stand>()
  private timer: Timer | undefined
  private askedAt: number | undefined
  private rejoinAt = 0
  private rejoinFactor = 1
  private ended = false

  constructor(options: WatchdogOptions) {
    this.options = options
  }

  start(): void {
    const { clock, stallAfterMs } = this.options
    if (this.ended || stallAfterMs === Infinity) return
    this.timer = clock.setTimer(
      Math.max(1, stallAfterMs / 4),
      () => {
        this.look()
        this.start()
      },
      { unref: true },
    )
  }

  stop(): void {
    this.ended = true
    this.timer?.cancel()
  }

  /** Partitions that were found stalled and have not moved since. */
  get stalled(): Stalled[] {
    const now = this.options.clock.monotonic()
    return [...this.stands].flatMap(([work, stand]) => {
      const { cause, since } = stand
      if (cause === undefined || hasMoved(work, stand) || work.gone) return []
      return [{ topic: work.topic, partition: work.partition, cause, forMs: now - since }]
    })
  }

  private look(): void {
    const works = new Set(this.options.held.values())
    for (const work of this.stands.keys()) if (!works.has(work)) this.stands.delete(work)
    for (const work of works) this.lookAt(work)
    this.askForEnds([...works])
  }

  private lookAt(work: PartitionWork): void {
    const { clock, stallAfterMs, running, fetcher, facts } = this.options
    const now = clock.monotonic()
    const stand = this.standOf(work, now)
    const known = { ...facts(work), now, stallAfterMs, ...fetcher.stateOf(work), ...running.stateOf(work) }
    stand.fetchSince =
      work.end > work.position && !known.paused && !work.closing ? (stand.fetchSince ?? now) : undefined
    stand.workSince = work.buffered > 0 && !known.paused && !work.closing ? (stand.workSince ?? now) : undefined
    const cause = stallCause(work, known, {
      fetch: stand.fetchSince !== undefined && now - stand.fetchSince >= stallAfterMs,
      work: stand.workSince !== undefined && now - stand.workSince >= stallAfterMs,
    })
    if (cause === undefined) return
    stand.fetchSince = stand.workSince = undefined
    if (cause === 'quiet') void this.probe(work, stand)
    else if (cause !== 'handler' || stand.cause !== 'handler') this.restart(work, stand, cause)
  }

  private standOf(work: PartitionWork, now: number): Stand {
    const { position } = work
    const { done } = work.memory
    let stand = this.stands.get(work)
    if (!stand) {
      stand = { position, done, fetchSince: undefined, workSince: undefined, restarts: 0, cause: undefined, since: now }
      this.stands.set(work, stand)
    }
    if (stand.position !== position) Object.assign(stand, { fetchSince: undefined })
    if (stand.done !== done) Object.assign(stand, { workSince: undefined })
    if (hasMoved(work, stand)) {
      Object.assign(stand, { position, done, restarts: 0, cause: undefined, since: now })
    }
    return stand
  }

  /**
   * Its fetches bring nothing, though it goes on behind: with nothing but marks and records of transactions that were aborted, or are
   * still open. Or the fetching is broken: then somebody else can read there.
   */
  private async probe(work: PartitionWork, stand: Stand): Promise<void> {
    const { topic, partition, position: offset } = work
    try {
      const batch = await this.options.log.read({ topic, partition, offset, maxBytes: 1, maxWaitMs: 0 })
      const isThere = batch.records.some((record) => record.offset >= offset)
      batch.release?.()
      if (isThere && work.position === offset && !work.gone && !this.ended) this.restart(work, stand, 'fetch')
    } catch {
      // A log that cannot be read tells so elsewhere.
    }
  }

  private restart(work: PartitionWork, stand: Stand, cause: StallCause): void {
    const { clock, fetcher, wake, rejoin, stallAfterMs } = this.options
    const now = clock.monotonic()
    let action: StallAction = 'none'
    if (cause === 'fetch' || cause === 'unknown' || cause === 'commit') {
      const first = cause !== 'commit' && stand.restarts === 0
      action = first || now < this.rejoinAt ? 'fetch' : 'rejoin'
    }
    stand.restarts++
    stand.cause = cause
    this.stalls++
    this.tell(work, cause, action, now - stand.since)
    if (action === 'fetch') {
      fetcher.restart(work)
      wake()
    } else if (action === 'rejoin') {
      this.rejoinAt = now + stallAfterMs * this.rejoinFactor
      this.rejoinFactor = Math.min(mostRejoinFactor, this.rejoinFactor * 2)
      rejoin()
    }
  }

  private tell(work: PartitionWork, cause: StallCause, action: StallAction, forMs: number): void {
    if (!stallChannel.hasSubscribers) return
    const { topic, partition, lane, position: offset } = work
    const lag = Math.max(0, work.end - work.committable)
    const { subscription, laneName, running } = this.options
    const told = { subscription, lane: laneName(lane), topic, partition, offset, lag, cause, action, forMs }
    const holding = running.stateOf(work).overdue
    stallChannel.publish({ ...told, text: textOf({ ...told, holding }) })
  }

  /** A partition that says nothing may have nothing, or be silent: where it ends is asked then. */
  private askForEnds(works: readonly PartitionWork[]): void {
    const { clock, stallAfterMs, log } = this.options
    const now = clock.monotonic()
    const silent = works.filter(
      (work) => work.fetching && work.end <= work.position && now - this.stands.get(work)!.since >= stallAfterMs / 2,
    )
    if (silent.length === 0 || now - (this.askedAt ?? -Infinity) < stallAfterMs / 2) return
    this.askedAt = now
    log.admin.offsets([...new Set(silent.map(({ topic }) => topic))]).then(
      (ends) => {
        for (const { topic, partition, end } of ends) {
          const work = this.options.held.get({ topic, partition })
          if (work) work.end = Math.max(work.end, end)
        }
      },
      // Whoever fetches says so too.
      () => {},
    )
  }
}

function hasMoved({ position, memory }: PartitionWork, stand: Stand): boolean {
  return stand.position !== position || stand.done !== memory.done
}

const because: Record<StallCause, string> = {
  fetch: 'its fetch brings nothing',
  commit: 'a commit has no answer',
  handler: 'a handler does not return',
  unknown: 'nothing says why',
}

const doing: Record<StallAction, string> = {
  fetch: 'It is fetched anew.',
  rejoin: 'The group is left and joined again.',
  none: 'Its key is held until the handler returns: pass ctx.signal on to what it waits for.',
}

interface Told {
  readonly subscription: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly lag: number
  readonly cause: StallCause
  readonly action: StallAction
  readonly forMs: number
  readonly holding: { readonly type: string; readonly key: string; readonly offset: number } | undefined
}

/** One line for people. */
function textOf({ topic, partition, offset, lag, cause, action, forMs, holding }: Told): string {
  const what = cause === 'handler' && holding ? ` (${holding.type}, key ${holding.key}, offset ${holding.offset})` : ''
  const seconds = Math.round(forMs / 1000)
  return `${topic}/${partition} has not moved for ${seconds} s: ${because[cause]}${what}; read up to ${offset}, ${lag} to go. ${doing[action]}`
}
