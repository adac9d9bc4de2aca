/**
 * The topics dead letters live in.
 * @module
 */
import type { CompiledConfig, CompiledSubscription } from '../config/index.ts'
import type { TopicSpec } from '../transport/index.ts'
import { letterOverheadBytes } from './letter-record.ts'

/** Dead and audit topic of every subscription: one partition each, kept for `deadRetentionMs`. */
export function deadLetterTopics(config: CompiledConfig): TopicSpec[] {
  return [...config.subscriptions.values()].flatMap((sub) =>
    [sub.deadTopic, sub.auditTopic].map((name) => ({
      name,
      partitions: 1,
      retentionMs: sub.deadRetentionMs,
      retentionBytes: Infinity,
      compaction: false,
      ...sub.deadSettings,
      maxMessageBytes: maxLetterBytes(config, sub),
    })),
  )
}

/** A letter is its event and its story: no smaller than the largest event of the streams it may come from. */
function maxLetterBytes(config: CompiledConfig, { topics, deadSettings }: CompiledSubscription): number | undefined {
  const ofStreams = topics.map(({ stream }) => config.streams.get(stream)!.settings.maxMessageBytes)
  const largest = Math.max(0, ...ofStreams.map((bytes) => bytes ?? 0))
  const needed = largest === 0 ? undefined : largest + letterOverheadBytes
  const said = deadSettings.maxMessageBytes
  return said === undefined ? needed : Math.max(said, needed ?? 0)
}
