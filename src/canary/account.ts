/**
 * What became of the probes of one partition. Whatever happens in whatever order:
 *
 *     attempts     = acknowledged + failed + unknown + skipped + in flight
 *     acknowledged = seen + pending + lost           (late ones are part of lost)
 *
 * Pure: it is told what happened, and when.
 * @module
 */
import { Durations } from './durations.ts'

export interface ProbeCounts {
  /** Times a probe was due. */
  readonly attempts: number
  readonly acknowledged: number
  /** Definitely not stored. */
  readonly failed: number
  /** Sent, and nobody knows whether stored. */
  readonly unknown: number
  /** Not sent, because the one before was not answered yet. */
  readonly skipped: number
  readonly inFlight: number
  /** Acknowledged, and read in time. */
  readonly seen: number
  /** Acknowledged, not read yet, and not late yet. */
  readonly pending: number
  /** Acknowledged, and not read in time. */
  readonly lost: number
  /** Of `lost`: read after all. */
  readonly late: number
  /** Read once more. */
  readonly duplicates: number
  /** Read for the first time, behind one that was sent later. */
  readonly outOfOrder: number
  /** Read, although not acknowledged: `unknown` ones that were stored. Not an error. */
  readonly unacknowledged: number
}

/** When something happened: `at` by the monotonic clock, `wall` by the wall clock; both in milliseconds. */
export interface Moment {
  readonly at: number
  readonly wall: number
}

/** What is known of a probe that was acknowledged and read: its broker's clock was within. */
export interface Bracket {
  readonly sentWall: number
  readonly acknowledgedWall: number
  readonly storedAt: number
}

interface Sent {
  readonly sent: Moment
  acknowledged?: Moment
  /** Who knows it as stored does not know when. */
  ended?: 'failed' | 'unknown' | 'lost'
  seen?: { readonly at: number; readonly storedAt: number }
}

/** Of so many probes it is remembered what became of them; what is read of older ones counts as a duplicate. */
const remembered = 10_000

export class Account {
  readonly ack = new Durations()
  readonly endToEnd = new Durations()
  readonly #lostAfterMs: number
  readonly #probes = new Map<number, Sent>()
  /** Acknowledged and not read, oldest first. */
  readonly #pending = new Set<number>()
  #last = 0
  #highestSeen = 0
  #inFlight = 0
  #lastAckAt: number
  #longestGapMs = 0
  #counts = { attempts: 0, acknowledged: 0, failed: 0, unknown: 0, skipped: 0, seen: 0, lost: 0, late: 0 }
  #oddities = { duplicates: 0, outOfOrder: 0, unacknowledged: 0 }

  /** @param startedAt monotonic milliseconds */
  constructor(lostAfterMs: number, startedAt: number) {
    this.#lostAfterMs = lostAfterMs
    this.#lastAckAt = startedAt
  }

  get counts(): ProbeCounts {
    return { ...this.#counts, ...this.#oddities, inFlight: this.#inFlight, pending: this.#pending.size }
  }

  /** Longest time between two acknowledgements, the one that lasts included. */
  longestGapMs(now: number): number {
    return Math.max(this.#longestGapMs, now - this.#lastAckAt)
  }

  sinceAcknowledgedMs(now: number): number {
    return now - this.#lastAckAt
  }

  /** Acknowledged ones that were never read, in time or later. */
  get missing(): number {
    return this.#counts.lost - this.#counts.late
  }

  /** A probe was due and not sent. */
  skip(): void {
    this.#counts.attempts++
    this.#counts.skipped++
  }

  /** @returns its number */
  send(moment: Moment): number {
    const number = ++this.#last
    this.#counts.attempts++
    this.#inFlight++
    this.#probes.set(number, { sent: moment })
    this.#forgetOld()
    return number
  }

  /** @returns what this and the reading of it tell about the broker's clock, when it was read before */
  acknowledge(number: number, moment: Moment): Bracket | undefined {
    const probe = this.#inFlightProbe(number)
    if (probe === undefined) return undefined
    probe.acknowledged = moment
    this.#counts.acknowledged++
    this.#longestGapMs = Math.max(this.#longestGapMs, moment.at - this.#lastAckAt)
    this.#lastAckAt = moment.at
    this.ack.add(moment.at - probe.sent.at)
    if (probe.seen === undefined) this.#pending.add(number)
    else this.#takeSeen(probe, probe.seen.at)
    return bracketOf(probe)
  }

  fail(number: number, how: 'failed' | 'unknown'): void {
    const probe = this.#inFlightProbe(number)
    if (probe === undefined) return
    probe.ended = how
    this.#counts[how]++
    if (probe.seen !== undefined) this.#oddities.unacknowledged++
  }

  /** @param storedAt time of its record, wall-clock milliseconds */
  see(number: number, at: number, storedAt: number): Bracket | undefined {
    const probe = this.#probes.get(number)
    // One that was never sent is somebody's invention, and nothing of ours.
    if (number > this.#last || number < 1) return undefined
    if (probe === undefined || probe.seen !== undefined) {
      this.#oddities.duplicates++
      return undefined
    }
    if (number < this.#highestSeen) this.#oddities.outOfOrder++
    this.#highestSeen = Math.max(this.#highestSeen, number)
    probe.seen = { at, storedAt }
    if (probe.ended === 'lost') {
      this.#counts.late++
      this.endToEnd.add(at - probe.sent.at)
    } else if (probe.ended !== undefined) this.#oddities.unacknowledged++
    else if (this.#pending.delete(number)) this.#takeSeen(probe, at)
    return bracketOf(probe)
  }

  /** Gives up those that were acknowledged too long ago. */
  expire(now: number): void {
    for (const number of this.#pending) {
      const probe = this.#probes.get(number)!
      if (now - probe.acknowledged!.at < this.#lostAfterMs) break
      this.#pending.delete(number)
      probe.ended = 'lost'
      this.#counts.lost++
    }
  }

  #takeSeen(probe: Sent, at: number): void {
    this.#counts.seen++
    this.endToEnd.add(at - probe.sent.at)
  }

  #inFlightProbe(number: number): Sent | undefined {
    const probe = this.#probes.get(number)
    if (probe === undefined || probe.acknowledged !== undefined || probe.ended !== undefined) return undefined
    this.#inFlight--
    return probe
  }

  #forgetOld(): void {
    if (this.#probes.size <= remembered) return
    for (const [number, { acknowledged, ended, seen }] of this.#probes) {
      if (this.#probes.size <= remembered) return
      // What is open stays, however old.
      if ((acknowledged !== undefined && seen !== undefined) || ended !== undefined) this.#probes.delete(number)
    }
  }
}

function bracketOf({ sent, acknowledged, seen }: Sent): Bracket | undefined {
  if (acknowledged === undefined || seen === undefined) return undefined
  return { sentWall: sent.wall, acknowledgedWall: acknowledged.wall, storedAt: seen.storedAt }
}
