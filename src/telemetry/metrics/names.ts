/**
 * THE table of metrics: every name, unit and label that leaves this process, and no other. What counts, what exports, the reference,
 * the rules and the dashboards all go by it. Names that begin with `messaging.` and `http.` are OpenTelemetry's own conventions.
 * @module
 */
import type { LabelName } from './labels.ts'

export interface MetricDefinition {
  readonly name: string
  readonly instrument: 'counter' | 'gauge' | 'histogram'
  /** UCUM: `s`, `By`, `1`, or what is counted in braces. */
  readonly unit: string
  readonly description: string
  readonly labels: readonly LabelName[]
  /** Upper bounds of a histogram's buckets, in its unit. */
  readonly bounds?: readonly number[]
  /** Who tells: this process of itself; or the log, and then every process that looks at it says the same: take the largest, not the sum. */
  readonly of: 'process' | 'log'
}

/** What the conventions ask for. Seconds. */
const conventionBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
/** From a millisecond to an hour. Seconds. */
const waitBounds = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600,
]
const sizeBounds = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192]
const byteBounds = [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216]
const attemptBounds = [1, 2, 3, 4, 5, 7, 10, 15, 20, 50]

const place = ['veltrix.subscription', 'veltrix.stream', 'veltrix.lane'] as const
const subLane = ['veltrix.subscription', 'veltrix.lane'] as const
const sub = ['veltrix.subscription'] as const
const operation = ['messaging.system', 'messaging.operation.name'] as const

export const metrics = {
  operationDuration: {
    name: 'messaging.client.operation.duration',
    instrument: 'histogram',
    unit: 's',
    description:
      'Duration of publishing (of the event of a request that took longest, from having room to being acknowledged) and of commits.',
    labels: [
      ...operation,
      'messaging.operation.type',
      'messaging.destination.name',
      'messaging.consumer.group.name',
      'veltrix.lane',
      'error.type',
    ],
    bounds: conventionBounds,
    of: 'process',
  },
  sent: {
    name: 'messaging.client.sent.messages',
    instrument: 'counter',
    unit: '{message}',
    description: 'Events published: acknowledged by the log, or, with an error, failed or of unknown fate.',
    labels: [...operation, 'messaging.destination.name', 'veltrix.lane', 'error.type'],
    of: 'process',
  },
  consumed: {
    name: 'messaging.client.consumed.messages',
    instrument: 'counter',
    unit: '{message}',
    description: 'Events given to handlers; one that is tried again is given again.',
    labels: [...operation, 'messaging.destination.name', 'messaging.consumer.group.name', 'veltrix.lane'],
    of: 'process',
  },
  processDuration: {
    name: 'messaging.process.duration',
    instrument: 'histogram',
    unit: 's',
    description: 'Duration of attempts: how long handlers ran, with the error they ended with.',
    labels: [
      ...operation,
      'messaging.operation.type',
      'messaging.destination.name',
      'messaging.consumer.group.name',
      'veltrix.lane',
      'error.type',
    ],
    bounds: conventionBounds,
    of: 'process',
  },
  wait: {
    name: 'veltrix.wait.duration',
    instrument: 'histogram',
    unit: 's',
    description: 'Waiting time of an event: from being published to the start of its first attempt.',
    labels: place,
    bounds: waitBounds,
    of: 'process',
  },
  endToEnd: {
    name: 'veltrix.end_to_end.duration',
    instrument: 'histogram',
    unit: 's',
    description: 'From being published to being handled, repeated attempts included.',
    labels: place,
    bounds: waitBounds,
    of: 'process',
  },
  attempts: {
    name: 'veltrix.attempts',
    instrument: 'histogram',
    unit: '{attempt}',
    description: 'Attempts an event took until it was handled.',
    labels: place,
    bounds: attemptBounds,
    of: 'process',
  },
  retries: {
    name: 'veltrix.retries',
    instrument: 'counter',
    unit: '{attempt}',
    description: 'Attempts that failed and are repeated.',
    labels: [...place, 'error.type'],
    of: 'process',
  },
  deadKept: {
    name: 'veltrix.dead_letters.kept',
    instrument: 'counter',
    unit: '{event}',
    description: 'Events that became dead letters.',
    labels: [...place, 'veltrix.reason', 'error.type'],
    of: 'process',
  },
  deadUnresolved: {
    name: 'veltrix.dead_letters.unresolved',
    instrument: 'gauge',
    unit: '{event}',
    description: 'Dead letters that nobody has redriven or discarded.',
    labels: [...sub, 'veltrix.status', 'veltrix.reason'],
    of: 'log',
  },
  parkedEvents: {
    name: 'veltrix.parked.events',
    instrument: 'counter',
    unit: '{event}',
    description: 'Events that went behind a parked key; of many at once, 100.',
    labels: place,
    of: 'process',
  },
  lagEvents: {
    name: 'veltrix.lag.events',
    instrument: 'gauge',
    unit: '{event}',
    description: 'Lag in events: records from the committed position to the end.',
    labels: subLane,
    of: 'log',
  },
  lagAge: {
    name: 'veltrix.lag.age',
    instrument: 'gauge',
    unit: 's',
    description: 'Lag in seconds: age of the oldest event that is not done; 0 when all is done.',
    labels: subLane,
    of: 'log',
  },
  delivery: {
    name: 'veltrix.delivery',
    instrument: 'gauge',
    unit: '1',
    description:
      'Delivery rate: handled ÷ acknowledged, of what was acknowledged more than a minute ago and in the five minutes before that.',
    labels: subLane,
    of: 'log',
  },
  keysWaiting: {
    name: 'veltrix.keys.waiting',
    instrument: 'gauge',
    unit: '{key}',
    description: 'Keys waiting for their next attempt.',
    labels: sub,
    of: 'process',
  },
  keysParked: {
    name: 'veltrix.keys.parked',
    instrument: 'gauge',
    unit: '{key}',
    description: 'Keys parked behind a dead letter.',
    labels: sub,
    of: 'process',
  },
  buffered: {
    name: 'veltrix.buffered.events',
    instrument: 'gauge',
    unit: '{event}',
    description: 'Events fetched and not done.',
    labels: subLane,
    of: 'process',
  },
  running: {
    name: 'veltrix.handlers.running',
    instrument: 'gauge',
    unit: '{handler}',
    description: 'Handlers running.',
    labels: subLane,
    of: 'process',
  },
  stuck: {
    name: 'veltrix.handlers.stuck',
    instrument: 'counter',
    unit: '{event}',
    description: 'Events whose handler ignored its time-out.',
    labels: place,
    of: 'process',
  },
  granted: {
    name: 'veltrix.scheduler.granted',
    instrument: 'counter',
    unit: '{start}',
    description: 'Starts granted to a lane.',
    labels: subLane,
    of: 'process',
  },
  slotTime: {
    name: 'veltrix.scheduler.slot_time',
    instrument: 'counter',
    unit: 's',
    description: 'Slot-time used by a lane: how long its handlers held slots, added up.',
    labels: subLane,
    of: 'process',
  },
  share: {
    name: 'veltrix.scheduler.share',
    instrument: 'gauge',
    unit: '1',
    description: 'Part of the slots that is guaranteed to a lane.',
    labels: subLane,
    of: 'process',
  },
  batchSize: {
    name: 'veltrix.publisher.batch.size',
    instrument: 'histogram',
    unit: '{event}',
    description: 'Events that coalesced into one append request.',
    labels: [],
    bounds: sizeBounds,
    of: 'process',
  },
  batchBytes: {
    name: 'veltrix.publisher.batch.bytes',
    instrument: 'histogram',
    unit: 'By',
    description: 'Size of one append request.',
    labels: [],
    bounds: byteBounds,
    of: 'process',
  },
  commitState: {
    name: 'veltrix.commit.state',
    instrument: 'histogram',
    unit: 'By',
    description: 'Commit state: the largest metadata of a partition in one commit.',
    labels: sub,
    bounds: byteBounds,
    of: 'process',
  },
  breaker: {
    name: 'veltrix.breaker.state',
    instrument: 'gauge',
    unit: '{state}',
    description: 'State of the breaker: 1 for the one it is in, 0 for the others.',
    labels: [...sub, 'veltrix.state'],
    of: 'process',
  },
  stalls: {
    name: 'veltrix.stalls',
    instrument: 'counter',
    unit: '{stall}',
    description: 'Partitions that stood still without a known reason.',
    labels: [...subLane, 'veltrix.cause'],
    of: 'process',
  },
  pauses: {
    name: 'veltrix.pauses',
    instrument: 'counter',
    unit: '{pause}',
    description: 'Partitions that started nothing more until a commit was stored.',
    labels: [...sub, 'veltrix.reason'],
    of: 'process',
  },
  rebalanced: {
    name: 'veltrix.rebalanced.partitions',
    instrument: 'counter',
    unit: '{partition}',
    description: 'Partitions that came or went.',
    labels: [...sub, 'veltrix.change'],
    of: 'process',
  },
  duplicates: {
    name: 'veltrix.duplicates',
    instrument: 'counter',
    unit: '{event}',
    description: 'Events passed over because they had been stored before.',
    labels: sub,
    of: 'process',
  },
  idConflicts: {
    name: 'veltrix.id_conflicts',
    instrument: 'counter',
    unit: '{event}',
    description: 'Events handled although another one had the same id.',
    labels: sub,
    of: 'process',
  },
  troubles: {
    name: 'veltrix.troubles',
    instrument: 'counter',
    unit: '{trouble}',
    description: 'Failures the worker keeps trying to mend.',
    labels: [...sub, 'error.type'],
    of: 'process',
  },
  gateway: {
    name: 'http.server.request.duration',
    instrument: 'histogram',
    unit: 's',
    description: "The gateway's answers: from a request's headers to the end of the answer.",
    labels: ['http.request.method', 'http.response.status_code', 'http.route', 'url.scheme', 'veltrix.lane'],
    bounds: conventionBounds,
    of: 'process',
  },
} as const satisfies Record<string, MetricDefinition>

export type MetricId = keyof typeof metrics
