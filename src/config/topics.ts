/**
 * Settings of topics: what a stream or the dead letters of a subscription say, and below that what `topics` says for all.
 * @module
 */
import type { TopicSpec } from '../transport/index.ts'
import type { CompiledConfig, CompiledTopicSettings } from './compiled.ts'
import type { Section } from './section.ts'

/** Options of `topics`, of a stream and of `dead`, beside those each has of its own. */
export const topicOptions = ['replicationFactor', 'minInsyncReplicas', 'maxMessageSize'] as const

/** Kafka's own lower bound is 0; a topic that takes no event of a few headers is of no use. */
const leastMessageBytes = 4096
const GiB = 1024 ** 3

/** What `topics` in the typed file says. */
export function compileTopicDefaults(root: Section): CompiledTopicSettings {
  return compileTopicSettings(root.section('topics', topicOptions), {})
}

/** @param fallback used for what the section does not say */
export function compileTopicSettings(given: Section, fallback: CompiledTopicSettings): CompiledTopicSettings {
  const whole = (name: 'replicationFactor' | 'minInsyncReplicas', max: number): number | undefined =>
    given.has(name) ? given.integer(name, { default: 1, min: 1, max }) : fallback[name]
  const settings: CompiledTopicSettings = {
    replicationFactor: whole('replicationFactor', 100),
    minInsyncReplicas: whole('minInsyncReplicas', 100),
    maxMessageBytes: given.has('maxMessageSize')
      ? given.size('maxMessageSize', { default: leastMessageBytes, min: leastMessageBytes, max: GiB })
      : fallback.maxMessageBytes,
  }
  const { replicationFactor: copies, minInsyncReplicas: inSync } = settings
  // Where it says neither itself, the fault is told where they come from.
  const saysOne = given.has('replicationFactor') || given.has('minInsyncReplicas')
  if (saysOne && copies !== undefined && inSync !== undefined && inSync > copies) {
    given.wrong(
      given.has('minInsyncReplicas') ? 'minInsyncReplicas' : 'replicationFactor',
      `minInsyncReplicas (${inSync}) is above replicationFactor (${copies}): nothing could ever be stored`,
    )
  }
  return settings
}

/** The topics of every stream, one for each lane. */
export function streamTopics(config: CompiledConfig): TopicSpec[] {
  return [...config.streams.values()].flatMap((stream) =>
    [...stream.topics.values()].map((name) => ({
      name,
      partitions: stream.partitions,
      retentionMs: stream.retentionMs,
      retentionBytes: stream.retentionBytes,
      compaction: stream.compaction,
      ...stream.settings,
    })),
  )
}
