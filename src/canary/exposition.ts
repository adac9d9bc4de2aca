/**
 * What a canary found as Prometheus reads it: its text format, version 0.0.4.
 * @module
 */
import type { Account } from './account.ts'
import type { Canary } from './canary.ts'
import { bucketSeconds, type Durations } from './durations.ts'

export const expositionType = 'text/plain; version=0.0.4; charset=utf-8'

type Labels = Readonly<Record<string, string | number>>

interface Sample {
  /** Behind the name of the family: `_bucket`. */
  readonly suffix?: string
  readonly labels: Labels
  readonly value: number
}

interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly samples: readonly Sample[]
}

/** @param now monotonic milliseconds */
export function exposition(canary: Pick<Canary, 'accounts' | 'report'>, now: number): string {
  return families(canary, now).map(familyText).join('')
}

function families(canary: Pick<Canary, 'accounts' | 'report'>, now: number): readonly Family[] {
  const { app, clocks, partitions, readFailures } = canary.report()
  const each = canary.accounts.map(({ lane, partition, account }) => ({ labels: { app, lane, partition }, account }))
  const perPartition = (of: (account: Account) => number): Sample[] =>
    each.map(({ labels, account }) => ({ labels, value: of(account) }))
  const counter = (name: string, help: string, of: (account: Account) => number): Family => ({
    name: `veltrix_canary_${name}_total`,
    type: 'counter',
    help,
    samples: perPartition(of),
  })
  const histogram = (name: string, help: string, of: (account: Account) => Durations): Family => ({
    name: `veltrix_canary_${name}_seconds`,
    type: 'histogram',
    help,
    samples: each.flatMap(({ labels, account }) => histogramSamples(labels, of(account))),
  })
  const outcomes = ['acknowledged', 'failed', 'unknown', 'skipped'] as const
  return [
    {
      name: 'veltrix_canary_probes_total',
      type: 'counter',
      help: 'Probes that were due, by what became of publishing them; skipped: the one before was not answered yet.',
      samples: each.flatMap(({ labels, account }) =>
        outcomes.map((outcome) => ({ labels: { ...labels, outcome }, value: account.counts[outcome] })),
      ),
    },
    counter('seen', 'Acknowledged probes that were read in time.', ({ counts }) => counts.seen),
    counter('lost', 'Acknowledged probes that were not read in time.', ({ counts }) => counts.lost),
    counter('late', 'Lost probes that were read after all.', ({ counts }) => counts.late),
    counter('duplicates', 'Probes that were read once more.', ({ counts }) => counts.duplicates),
    counter('out_of_order', 'Probes that were read behind a later one.', ({ counts }) => counts.outOfOrder),
    {
      name: 'veltrix_canary_pending',
      type: 'gauge',
      help: 'Acknowledged probes that were not read yet.',
      samples: perPartition(({ counts }) => counts.pending),
    },
    {
      name: 'veltrix_canary_since_acknowledged_seconds',
      type: 'gauge',
      help: 'Time since the last acknowledgement.',
      samples: perPartition((account) => account.sinceAcknowledgedMs(now) / 1000),
    },
    histogram('publish_duration', 'From sending a probe to its acknowledgement.', ({ ack }) => ack),
    histogram('end_to_end_duration', 'From sending a probe to reading it.', ({ endToEnd }) => endToEnd),
    {
      name: 'veltrix_canary_leader',
      type: 'gauge',
      help: 'Broker that leads the partition of the canary; -1 when none does.',
      samples: partitions.flatMap(({ lane, partition, leader }) =>
        leader === null ? [] : [{ labels: { app, lane, partition }, value: leader }],
      ),
    },
    {
      name: 'veltrix_canary_clock_offset_seconds',
      type: 'gauge',
      help: "Broker's clock against that of the canary's machine; positive: the broker is ahead.",
      samples: clocks.map(({ broker, offsetMs }) => ({ labels: { app, broker }, value: offsetMs / 1000 })),
    },
    {
      name: 'veltrix_canary_clock_offset_uncertainty_seconds',
      type: 'gauge',
      help: 'How far the true difference of the clocks may be from the offset.',
      samples: clocks.map(({ broker, withinMs }) => ({ labels: { app, broker }, value: withinMs / 1000 })),
    },
    {
      name: 'veltrix_canary_read_failures_total',
      type: 'counter',
      help: 'Reads that failed, and were tried again.',
      samples: [{ labels: { app }, value: readFailures }],
    },
  ]
}

function histogramSamples(labels: Labels, durations: Durations): Sample[] {
  const { cumulative, count, sumMs } = durations
  return [
    ...bucketSeconds.map((le, index) => ({ suffix: '_bucket', labels: { ...labels, le }, value: cumulative[index]! })),
    { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: count },
    { suffix: '_sum', labels, value: sumMs / 1000 },
    { suffix: '_count', labels, value: count },
  ]
}

function familyText({ name, type, help, samples }: Family): string {
  // A family without a sample would be a name that means nothing.
  if (samples.length === 0) return ''
  const lines = samples.map(({ suffix = '', labels, value }) => `${name}${suffix}${labelText(labels)} ${value}\n`)
  return `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`)
  return `{${pairs.join(',')}}`
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
