/**
 * What a canary found, by partition and by lane.
 * @module
 */
import type { Account, ProbeCounts } from './account.ts'
import type { ClockOffset } from './clock-offset.ts'
import { Durations, type DurationSummary } from './durations.ts'

export interface ProbeReport extends ProbeCounts {
  readonly lane: string
  /** Acknowledged of those that are not in flight, 0 to 1; null before the first. */
  readonly availability: number | null
  /** Acknowledged and never read. */
  readonly missing: number
  /** From sending to the acknowledgement, in milliseconds; null before the first. */
  readonly ackMs: DurationSummary | null
  /** From sending to reading. */
  readonly endToEndMs: DurationSummary | null
  readonly longestGapMs: number
}

export interface PartitionReport extends ProbeReport {
  readonly topic: string
  readonly partition: number
  /** Broker that leads it; -1 when none does, null where that is not known. */
  readonly leader: number | null
  /** Why the last probe that failed did. */
  readonly lastError: string | null
}

export interface CanaryReport {
  readonly app: string
  readonly run: string
  /** Wall-clock milliseconds. */
  readonly at: number
  readonly forMs: number
  readonly lanes: readonly ProbeReport[]
  readonly partitions: readonly PartitionReport[]
  /** Of brokers that lead a partition, where records have their time. */
  readonly clocks: readonly (ClockOffset & { readonly broker: number })[]
  /** Reads that failed, and were tried again. */
  readonly readFailures: number
}

export interface Accounted {
  readonly lane: string
  readonly account: Account
}

const counted = [
  'attempts',
  'acknowledged',
  'failed',
  'unknown',
  'skipped',
  'inFlight',
  'seen',
  'pending',
  'lost',
  'late',
  'duplicates',
  'outOfOrder',
  'unacknowledged',
] as const satisfies readonly (keyof ProbeCounts)[]

/** Sums of all of `parts`. @param now monotonic milliseconds */
export function probeReport(lane: string, parts: readonly Accounted[], now: number): ProbeReport {
  const all = parts.map(({ account }) => account.counts)
  const sum = (name: keyof ProbeCounts): number => all.reduce((total, counts) => total + counts[name], 0)
  const counts = Object.fromEntries(counted.map((name) => [name, sum(name)])) as Record<keyof ProbeCounts, number>
  const answered = counts.attempts - counts.inFlight
  return {
    lane,
    ...counts,
    availability: answered === 0 ? null : counts.acknowledged / answered,
    missing: counts.lost - counts.late,
    ackMs: Durations.merged(parts.map(({ account }) => account.ack)).summary ?? null,
    endToEndMs: Durations.merged(parts.map(({ account }) => account.endToEnd)).summary ?? null,
    longestGapMs: Math.max(0, ...parts.map(({ account }) => account.longestGapMs(now))),
  }
}

/** Part of all probes that were not acknowledged, or never read: 0 is perfect, 1 when no probe was answered at all. */
export function lossOf({ lanes }: Pick<CanaryReport, 'lanes'>): number {
  const sum = (of: (report: ProbeReport) => number): number => lanes.reduce((total, lane) => total + of(lane), 0)
  const attempts = sum((lane) => lane.attempts)
  if (attempts === 0) return 1
  const good = sum((lane) => lane.acknowledged - lane.missing - lane.pending)
  return (attempts - good) / attempts
}
