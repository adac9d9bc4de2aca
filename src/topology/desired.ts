/**
 * What the typed file wants: topics with everything that is said about them, and the schema of every event.
 * @module
 */
import { streamTopics, type CompiledConfig } from '../config/index.ts'
import { deadLetterTopics } from '../deadletter/index.ts'
import type { TopicSpec } from '../transport/index.ts'
import { payloadSchemaOf, type PayloadSchema } from './schema/json-schema.ts'

export interface DesiredTopic extends TopicSpec {
  /** What it is for, in a few words: `stream orders`, `dead letters of billing`. */
  readonly purpose: string
  /** Names of topics that earlier or later versions of the stream have for the same lane. */
  readonly otherVersions?: RegExp
}

export interface Desired {
  readonly app: string
  readonly topics: readonly DesiredTopic[]
  /** By event type. */
  readonly schemas: ReadonlyMap<string, PayloadSchema>
}

/** Topics whose names begin so are this application's to have; no other name is ever looked at. */
export function nameSpace(app: string): string {
  return `${app}.`
}

/** Where the application's plans are remembered. No stream can have this name. */
export function ledgerTopic(app: string): string {
  return `${app}._topology`
}

export function desiredOf(config: CompiledConfig): Desired {
  const purposes = purposesOf(config)
  const ledger: DesiredTopic = {
    name: ledgerTopic(config.app),
    partitions: 1,
    retentionMs: Infinity,
    retentionBytes: Infinity,
    compaction: true,
    purpose: 'ledger: what is owned, and the schemas in use',
  }
  const topics = [...streamTopics(config), ...deadLetterTopics(config)].map((topic) => ({
    ...topic,
    ...purposes.get(topic.name)!,
  }))
  const schemas = [...config.events.values()].map(({ type, schema }) => [type, payloadSchemaOf(schema)] as const)
  return { app: config.app, topics: [ledger, ...topics], schemas: new Map(schemas) }
}

function purposesOf(config: CompiledConfig): Map<string, Pick<DesiredTopic, 'purpose' | 'otherVersions'>> {
  const purposes = new Map<string, Pick<DesiredTopic, 'purpose' | 'otherVersions'>>()
  for (const stream of config.streams.values()) {
    for (const [lane, topic] of stream.topics) {
      const version = stream.topicVersion === 1 ? '' : `, version ${stream.topicVersion}`
      // Names have no character that means something here but the dots between them.
      const otherVersions = new RegExp(`^${config.app}\\.${stream.name}\\.(?:v\\d+\\.)?${lane}$`)
      purposes.set(topic, { purpose: `stream ${stream.name}, lane ${lane}${version}`, otherVersions })
    }
  }
  for (const { name, deadTopic, auditTopic } of config.subscriptions.values()) {
    purposes.set(deadTopic, { purpose: `dead letters of ${name}` })
    purposes.set(auditTopic, { purpose: `audit of the dead letters of ${name}` })
  }
  return purposes
}
