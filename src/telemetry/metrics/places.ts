/**
 * Series written for every event, found by one look-up. Only of what the typed file names: labels are bounded by it, and what other
 * applications in this process tell is not ours.
 * @module
 */
import type { CompiledConfig, CompiledSubscription } from '../../config/index.ts'
import type { Registry } from './registry.ts'
import type { Distribution, Value } from './series.ts'

/** What a subscription does with a topic. */
export interface HandledPlace {
  readonly consumed: Value
  readonly handled: Distribution
  readonly wait: Distribution
  readonly endToEnd: Distribution
  readonly attempts: Distribution
  readonly parked: Value
  readonly labels: { 'veltrix.subscription': string; 'veltrix.stream': string; 'veltrix.lane': string }
  /** Of an attempt, in the words of the conventions. */
  readonly operation: OperationLabels
}

export interface OperationLabels {
  readonly 'messaging.system': string
  readonly 'messaging.operation.name': string
  readonly 'messaging.destination.name': string
  readonly 'messaging.consumer.group.name': string
  readonly 'veltrix.lane': string
}

/** A lane of a stream, published into. */
export interface PublishedPlace {
  readonly sent: Value
  readonly duration: Distribution
  readonly labels: {
    readonly 'messaging.system': string
    readonly 'messaging.operation.name': string
    readonly 'messaging.destination.name': string
    readonly 'veltrix.lane': string
  }
}

export class Places {
  readonly #handled = new Map<string, Map<string, HandledPlace>>()
  readonly #published = new Map<string, Map<string, PublishedPlace>>()

  /** @param system as the conventions name what carries the events */
  constructor(registry: Registry, config: CompiledConfig, system: string) {
    for (const sub of config.subscriptions.values()) {
      const places = sub.topics.map((topic) => [topic.topic, handledPlace(registry, sub, topic, system)] as const)
      this.#handled.set(sub.name, new Map(places))
    }
    for (const stream of config.streams.values()) {
      const places = [...stream.topics].map(
        ([lane, topic]) => [lane, publishedPlace(registry, lane, topic, system)] as const,
      )
      this.#published.set(stream.name, new Map(places))
    }
  }

  handled({ subscription, topic }: { subscription: string; topic: string }): HandledPlace | undefined {
    return this.#handled.get(subscription)?.get(topic)
  }

  published({ stream, lane }: { stream: string; lane: string }): PublishedPlace | undefined {
    return this.#published.get(stream)?.get(lane)
  }
}

function handledPlace(
  registry: Registry,
  sub: CompiledSubscription,
  { topic, stream, lane }: { topic: string; stream: string; lane: string },
  system: string,
): HandledPlace {
  const place = { 'veltrix.subscription': sub.name, 'veltrix.stream': stream, 'veltrix.lane': lane }
  const operation = {
    'messaging.system': system,
    'messaging.operation.name': 'process',
    'messaging.destination.name': topic,
    'messaging.consumer.group.name': sub.group,
    'veltrix.lane': lane,
  }
  return {
    consumed: registry.series('consumed', operation),
    handled: registry.series('processDuration', { ...operation, 'messaging.operation.type': 'process' }),
    wait: registry.series('wait', place),
    endToEnd: registry.series('endToEnd', place),
    attempts: registry.series('attempts', place),
    parked: registry.series('parkedEvents', place),
    labels: place,
    operation,
  }
}

function publishedPlace(registry: Registry, lane: string, topic: string, system: string): PublishedPlace {
  const labels = {
    'messaging.system': system,
    'messaging.operation.name': 'send',
    'messaging.destination.name': topic,
    'veltrix.lane': lane,
  }
  return {
    sent: registry.series('sent', labels),
    duration: registry.series('operationDuration', { ...labels, 'messaging.operation.type': 'send' }),
    labels,
  }
}
