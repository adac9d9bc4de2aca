/**
 * Settings of a topic as they are, in Kafka's words and ours.
 * @module
 */
import type { TopicSettings } from '../index.ts'
import type { Needs } from './access.ts'
import { answerOf, errorOfCode } from './broker-errors.ts'
import type { Broker, Cluster } from './cluster.ts'
import { code } from './error-codes.ts'
import { cleanupPolicy } from './topic-settings.ts'

const ofTopic = 2
const names = [
  'retention.ms',
  'retention.bytes',
  'cleanup.policy',
  'min.insync.replicas',
  'max.message.bytes',
  'message.timestamp.type',
]

/** Of every topic that is there, by name, then by Kafka's name of the setting. @param broker who is asked; any when absent */
export async function settingsOf(
  cluster: Cluster,
  topics: readonly string[],
  broker?: Broker,
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const resources = topics.map(
    (resourceName) => ({ resourceType: ofTopic, resourceName, configurationKeys: names }) as const,
  )
  const doing = 'read the settings of topics'
  const ask = (connection: Parameters<typeof cluster.client.describeConfigsV4.api.async>[0]) =>
    answerOf(cluster.client.describeConfigsV4.api.async(connection, [...resources], false, false))
  const answer = await (broker === undefined ? cluster.askAny(doing, ask) : cluster.ask(broker, doing, ask))
  const found = new Map<string, ReadonlyMap<string, string>>()
  for (const { resourceName, errorCode, configs } of answer.results) {
    // Deleted a moment ago.
    if (errorCode === code.unknownTopic) continue
    if (errorCode !== code.none) {
      const needs: Needs = { user: cluster.user, topic: ['DescribeConfigs', resourceName] }
      throw errorOfCode(errorCode, `read the settings of the topic "${resourceName}"`, { needs })
    }
    found.set(resourceName, new Map(configs.map(({ name, value }) => [name, value ?? ''])))
  }
  return found
}

export function stateSettings(has: ReadonlyMap<string, string>): TopicSettings {
  const policies = new Set((has.get('cleanup.policy') ?? 'delete').split(',').map((policy) => policy.trim()))
  // Where nothing is deleted for its age or size, the limits of them do not count.
  const limit = (name: string): number => (policies.has('delete') ? limitOf(Number(has.get(name) ?? -1)) : Infinity)
  return {
    retentionMs: limit('retention.ms'),
    retentionBytes: limit('retention.bytes'),
    compaction: policies.has('compact'),
    minInsyncReplicas: numberOf(has.get('min.insync.replicas')),
    maxMessageBytes: numberOf(has.get('max.message.bytes')),
  }
}

export function hasAppendTime(has: ReadonlyMap<string, string>): boolean {
  return has.get('message.timestamp.type') === 'LogAppendTime'
}

/** What has to be set in Kafka so that `now` becomes as `wanted` says. Limits and policy hang together: they are set together. */
export function topicSettingNames(
  wanted: Partial<TopicSettings>,
  now: TopicSettings,
): readonly { readonly name: string; readonly value: string }[] {
  const values: { name: string; value: string }[] = []
  if (wanted.retentionMs !== undefined || wanted.retentionBytes !== undefined || wanted.compaction !== undefined) {
    const next = { ...now, ...wanted }
    values.push(
      { name: 'retention.ms', value: settingOf(next.retentionMs) },
      { name: 'retention.bytes', value: settingOf(next.retentionBytes) },
      { name: 'cleanup.policy', value: cleanupPolicy(next) },
    )
  }
  const { minInsyncReplicas, maxMessageBytes } = wanted
  if (minInsyncReplicas !== undefined) values.push({ name: 'min.insync.replicas', value: `${minInsyncReplicas}` })
  if (maxMessageBytes !== undefined) values.push({ name: 'max.message.bytes', value: `${maxMessageBytes}` })
  return values
}

function limitOf(value: number): number {
  return value < 0 ? Infinity : value
}

function settingOf(limit: number): string {
  return limit === Infinity ? '-1' : `${Math.round(limit)}`
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined || text === '' ? undefined : Number(text)
}
