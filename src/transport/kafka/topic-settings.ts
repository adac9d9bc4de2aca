/**
 * Settings of topics, in Kafka's words and ours.
 * @module
 */
import { NotAuthorized, type TopicSpec } from '../index.ts'
import type { Needs } from './access.ts'
import { answerOf, errorOfCode } from './broker-errors.ts'
import type { Cluster } from './cluster.ts'
import { code } from './error-codes.ts'
import type { CompiledOptions } from './options.ts'

const ofTopic = 2
const set = 0
/** Largest batch that a broker takes by default (`message.max.bytes`). */
const defaultMaxBatchBytes = 1_048_588
/** What a batch adds to a record: its header, lengths, and offsets. Headers of a record have lengths too. */
const batchOverheadBytes = 64 * 1024

/** Retention as Kafka's settings; -1 keeps for ever. */
export function retentionSettings({ retentionMs, retentionBytes }: TopicSpec): { name: string; value: string }[] {
  return [
    { name: 'retention.ms', value: settingOf(retentionMs) },
    { name: 'retention.bytes', value: settingOf(retentionBytes) },
  ]
}

/** All settings of a topic that is made. */
export function newTopicSettings(
  topic: TopicSpec,
  replicas: number,
  options: CompiledOptions,
): { name: string; value: string }[] {
  const settings = retentionSettings(topic)
  if (topic.compaction === true) settings.push({ name: 'cleanup.policy', value: cleanupPolicy(topic) })
  if (topic.appendTime === true) settings.push({ name: 'message.timestamp.type', value: 'LogAppendTime' })
  const inSync = topic.minInsyncReplicas ?? options.minInsyncReplicas ?? Math.min(2, replicas)
  settings.push({ name: 'min.insync.replicas', value: `${inSync}` })
  const needed = options.maxRecordBytes + batchOverheadBytes
  const maxBytes = topic.maxMessageBytes ?? (needed > defaultMaxBatchBytes + batchOverheadBytes ? needed : undefined)
  if (maxBytes !== undefined) settings.push({ name: 'max.message.bytes', value: `${maxBytes}` })
  return settings
}

/** Compaction alone keeps the last record of a key for ever; with a limit, records go by it as well. */
export function cleanupPolicy({
  compaction,
  retentionMs,
  retentionBytes,
}: Pick<TopicSpec, 'compaction' | 'retentionMs' | 'retentionBytes'>): string {
  if (compaction !== true) return 'delete'
  return retentionMs === Infinity && retentionBytes === Infinity ? 'compact' : 'compact,delete'
}

export interface TopicSettings {
  readonly retentionMs: number
  readonly retentionBytes: number
  readonly maxBatchBytes: number
}

export async function describeTopics(
  cluster: Cluster,
  names: readonly string[],
): Promise<ReadonlyMap<string, TopicSettings>> {
  if (names.length === 0) return new Map()
  const configurationKeys = ['retention.ms', 'retention.bytes', 'max.message.bytes']
  const resources = names.map((resourceName) => ({ resourceType: ofTopic, resourceName, configurationKeys }) as const)
  const answer = await cluster.askAny('read the settings of topics', (connection) =>
    answerOf(cluster.client.describeConfigsV4.api.async(connection, resources, false, false)),
  )
  const found = new Map<string, TopicSettings>()
  for (const { resourceName, errorCode, configs } of answer.results) {
    // Deleted a moment ago.
    if (errorCode === code.unknownTopic) continue
    if (errorCode !== code.none) {
      const needs: Needs = { user: cluster.user, topic: ['DescribeConfigs', resourceName] }
      throw errorOfCode(errorCode, `read the settings of the topic "${resourceName}"`, { needs })
    }
    const value = (name: string): number => Number(configs.find((config) => config.name === name)?.value ?? -1)
    found.set(resourceName, {
      retentionMs: ofSetting(value('retention.ms')),
      retentionBytes: ofSetting(value('retention.bytes')),
      maxBatchBytes: value('max.message.bytes'),
    })
  }
  return found
}

/**
 * Gives topics that exist the retention of their specs; what is equal already is left alone. So is everything when this client has no
 * right to see settings: then they are somebody else's to keep.
 */
export async function updateRetention(cluster: Cluster, topics: readonly TopicSpec[]): Promise<void> {
  const now = await describeTopics(
    cluster,
    topics.map(({ name }) => name),
  ).catch((error: unknown) => {
    if (error instanceof NotAuthorized) return new Map<string, TopicSettings>()
    throw error
  })
  const changed = topics.filter((topic) => {
    const has = now.get(topic.name)
    return has !== undefined && (has.retentionMs !== topic.retentionMs || has.retentionBytes !== topic.retentionBytes)
  })
  if (changed.length === 0) return
  const resources = changed.map((topic) => ({
    resourceType: ofTopic,
    resourceName: topic.name,
    configs: retentionSettings(topic).map(({ name, value }) => ({ name, value, configOperation: set })),
  })) as Parameters<typeof cluster.client.incrementalAlterConfigsV1.api.async>[1]
  const answer = await cluster.askAny('set the retention of topics', (connection) =>
    answerOf(cluster.client.incrementalAlterConfigsV1.api.async(connection, resources, false)),
  )
  const refused = answer.responses.find(({ errorCode }) => errorCode !== code.none)
  if (refused !== undefined) {
    const needs: Needs = { user: cluster.user, topic: ['AlterConfigs', refused.resourceName] }
    throw errorOfCode(refused.errorCode, `set the retention of the topic "${refused.resourceName}"`, { needs })
  }
}

function settingOf(limit: number): string {
  return limit === Infinity ? '-1' : `${Math.round(limit)}`
}

function ofSetting(value: number): number {
  return value < 0 ? Infinity : value
}
