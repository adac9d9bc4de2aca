/**
 * The topics dead letters live in.
 * @module
 */
import type { CompiledConfig } from '../config/index.ts'
import type { TopicSpec } from '../transport/index.ts'

/** Dead and audit topic of every subscription: one partition each, kept for `deadRetentionMs`. */
export function deadLetterTopics(config: CompiledConfig): TopicSpec[] {
  return [...config.subscriptions.values()].flatMap((sub) =>
    [sub.deadTopic, sub.auditTopic].map((name) => ({
      name,
      partitions: 1,
      retentionMs: sub.deadRetentionMs,
      retentionBytes: Infinity,
    })),
  )
}
