/**
 * Subscriptions: which events each takes, how many at once, and what happens when handling fails.
 * @module
 */
import type {
  CompiledBreaker,
  CompiledEvent,
  CompiledRetry,
  CompiledStream,
  CompiledSubscription,
  CompiledTopicSettings,
} from './compiled.ts'
import { dayMs, forever, longestTimerMs } from './limits.ts'
import { checkEntryName } from './names.ts'
import { joined, meant, type Section, shown } from './section.ts'
import type { CompiledStreams } from './streams.ts'
import { compileTopicSettings, topicOptions } from './topics.ts'

const options = [
  'events', 'concurrency', 'timeout', 'retry', 'onDeadLetter', 'deadRetention', 'dead', 'breaker', 'inboxWindow', 'batch', 'startAt',
  'exactlyOnce',
] // prettier-ignore

/** Default of `deadRetention`. */
const usualDeadMs = 14 * dayMs

export function compileSubscriptions(
  root: Section,
  app: string,
  { streams, events }: CompiledStreams,
  topicDefaults: CompiledTopicSettings,
): ReadonlyMap<string, CompiledSubscription> {
  const given = root.section('subscriptions')
  const subscriptions = new Map<string, CompiledSubscription>()
  for (const [name] of given.entries()) {
    if (!checkEntryName(name, given.path, given.problems)) continue
    const subscription = given.section(name, options)
    const types = typesOf(subscription, events)
    const deadRetentionMs = subscription.duration(
      'deadRetention',
      { default: usualDeadMs, min: 1000, max: forever },
      'forever',
    )
    // A dead letter may be redriven all the time it is kept: its effects are remembered for longer than that.
    const inboxDefaultMs = Math.min(deadRetentionMs, usualDeadMs) + dayMs
    subscriptions.set(name, {
      name,
      group: `${app}.${name}`,
      events: types,
      topics: topicsOf(types, streams, events),
      concurrency: subscription.integer('concurrency', { default: 64, min: 1, max: 10_000 }),
      timeoutMs: subscription.duration('timeout', { default: 30_000, min: 1, max: longestTimerMs }),
      retry: retryOf(subscription),
      onDeadLetter: subscription.choice('onDeadLetter', ['continue', 'park-key'], 'continue'),
      deadTopic: `${app}.${name}.dead`,
      auditTopic: `${app}.${name}.dead.audit`,
      deadRetentionMs,
      deadSettings: compileTopicSettings(subscription.section('dead', topicOptions), topicDefaults),
      breaker: breakerOf(subscription),
      inboxWindowMs: subscription.duration('inboxWindow', { default: inboxDefaultMs, min: 1000, max: forever }),
      batch: batchOf(subscription),
      startAt: subscription.choice('startAt', ['earliest', 'latest'], 'earliest'),
      exactlyOnce: subscription.boolean('exactlyOnce', false),
    })
  }
  return subscriptions
}

function typesOf(subscription: Section, events: ReadonlyMap<string, CompiledEvent>): ReadonlySet<string> {
  const path = joined(subscription.path, 'events')
  const list = subscription.list('events')
  const types = new Set<string>()
  list?.forEach((type, index) => {
    const where = `${path}[${index}]`
    if (typeof type !== 'string' || !events.has(type)) {
      subscription.problems.add(where, `no stream declares the event ${shown(type)}${meant(type, events.keys())}`)
    } else if (types.has(type)) subscription.problems.add(where, `${shown(type)} is listed twice`)
    else types.add(type)
  })
  if (list?.length === 0) {
    subscription.problems.add(path, `lists no event${meant(undefined, events.keys())}`)
  }
  return types
}

function topicsOf(
  types: ReadonlySet<string>,
  streams: ReadonlyMap<string, CompiledStream>,
  events: ReadonlyMap<string, CompiledEvent>,
): CompiledSubscription['topics'] {
  const taken = new Set([...types].map((type) => events.get(type)!.stream))
  return [...streams.values()]
    .filter((stream) => taken.has(stream.name))
    .flatMap((stream) => [...stream.topics].map(([lane, topic]) => ({ topic, stream: stream.name, lane })))
}

function retryOf(subscription: Section): CompiledRetry {
  const retry = subscription.section('retry', ['attempts', 'backoff'])
  const backoff = retry.range('backoff', {
    min: { default: 200, min: 1, max: longestTimerMs },
    max: { default: 30_000, min: 1, max: longestTimerMs },
  })
  return {
    attempts: retry.integer('attempts', { default: 5, min: 1, max: 100 }),
    backoffMinMs: backoff.min,
    backoffMaxMs: backoff.max,
  }
}

function breakerOf(subscription: Section): CompiledBreaker {
  const breaker = subscription.section('breaker', ['minKeys', 'failingShare', 'windowKeys', 'probe'])
  const minKeys = breaker.integer('minKeys', { default: 5, min: 1, max: 10_000 })
  const windowKeys = breaker.integer('windowKeys', { default: Math.max(20, minKeys), min: 1, max: 10_000 })
  if (windowKeys < minKeys) {
    breaker.wrong('windowKeys', `${windowKeys} is below minKeys (${minKeys}): a verdict would never be reached`)
  }
  const probe = breaker.range('probe', {
    min: { default: 1000, min: 1, max: longestTimerMs },
    max: { default: 30_000, min: 1, max: longestTimerMs },
  })
  return {
    minKeys,
    failingShare: breaker.fraction('failingShare', { default: 0.5, min: 0.01, max: 1 }),
    windowKeys,
    probeMinMs: probe.min,
    probeMaxMs: probe.max,
  }
}

function batchOf(subscription: Section): CompiledSubscription['batch'] {
  if (!subscription.has('batch')) return undefined
  const batch = subscription.section('batch', ['maxEvents', 'maxWait'])
  return {
    maxEvents: batch.integer('maxEvents', { default: 100, min: 1, max: 10_000 }),
    maxWaitMs: batch.duration('maxWait', { default: 50, min: 0, max: 60_000 }),
  }
}
