/**
 * Topics as channels, and what is done with them as operations: publishers send, each subscription receives.
 * @module
 */
import type { CompiledConfig, CompiledStream } from '../config/index.ts'
import type { Messages } from './messages.ts'
import { ref, type Json } from './parts.ts'

type Named = Readonly<Record<string, Json>>

/** A channel for each topic, named `<stream>.<lane>`. */
export function topicChannels(config: CompiledConfig, messages: Messages, servers: readonly string[]): Named {
  const channels: Record<string, Json> = {}
  for (const stream of config.streams.values()) {
    for (const [lane, topic] of stream.topics) {
      channels[`${stream.name}.${lane}`] = {
        address: topic,
        title: `Stream ${stream.name}, lane ${lane}`,
        messages: Object.fromEntries(
          typesOf(config, stream.name).map((type) => {
            const { name } = messages.stored.get(type)!
            return [name, ref('components', 'messages', name)]
          }),
        ),
        servers: servers.map((name) => ref('servers', name)),
        tags: [{ name: `stream ${stream.name}` }, { name: `lane ${lane}` }],
        bindings: { kafka: topicBinding(stream, topic) },
      }
    }
  }
  return channels
}

/** What the typed file says about a topic. Copies are the transport's to choose where it says nothing. */
function topicBinding(stream: CompiledStream, topic: string): Json {
  const { replicationFactor, minInsyncReplicas, maxMessageBytes } = stream.settings
  const isKept = stream.retentionMs === Infinity && stream.retentionBytes === Infinity
  return {
    topic,
    partitions: stream.partitions,
    ...(replicationFactor === undefined ? {} : { replicas: replicationFactor }),
    topicConfiguration: {
      'cleanup.policy': stream.compaction ? (isKept ? ['compact'] : ['compact', 'delete']) : ['delete'],
      'retention.ms': settingOf(stream.retentionMs),
      'retention.bytes': settingOf(stream.retentionBytes),
      ...(maxMessageBytes === undefined ? {} : { 'max.message.bytes': maxMessageBytes }),
      ...(minInsyncReplicas === undefined ? {} : { 'min.insync.replicas': minInsyncReplicas }),
    },
    bindingVersion: '0.5.0',
  }
}

/** Kafka's word for no limit is -1. */
function settingOf(value: number): number {
  return value === Infinity ? -1 : value
}

/** Publishing, for each topic that is the usual one of some type. */
export function sendOperations(config: CompiledConfig, messages: Messages): Named {
  const operations: Record<string, Json> = {}
  for (const stream of config.streams.values()) {
    for (const lane of stream.topics.keys()) {
      const types = typesOf(config, stream.name).filter((type) => config.events.get(type)!.lane === lane)
      if (types.length === 0) continue
      const channel = `${stream.name}.${lane}`
      operations[`send.${channel}`] = {
        action: 'send',
        channel: ref('channels', channel),
        summary: `Publishes events of ${stream.name} whose usual lane is ${lane}`,
        messages: messageRefs(channel, types, messages),
      }
    }
  }
  return operations
}

/** Receiving, for each topic of each subscription. */
export function receiveOperations(config: CompiledConfig, messages: Messages): Named {
  const operations: Record<string, Json> = {}
  for (const { name, group, topics, events } of config.subscriptions.values()) {
    for (const { stream, lane } of topics) {
      const channel = `${stream}.${lane}`
      const types = typesOf(config, stream).filter((type) => events.has(type))
      operations[`receive.${name}.${channel}`] = {
        action: 'receive',
        channel: ref('channels', channel),
        summary: `The subscription ${name}`,
        messages: messageRefs(channel, types, messages),
        tags: [{ name: `subscription ${name}` }],
        bindings: { kafka: { groupId: { type: 'string', enum: [group] }, bindingVersion: '0.5.0' } },
      }
    }
  }
  return operations
}

function messageRefs(channel: string, types: readonly string[], messages: Messages): readonly Json[] {
  return types.map((type) => ref('channels', channel, 'messages', messages.stored.get(type)!.name))
}

function typesOf(config: CompiledConfig, stream: string): readonly string[] {
  return [...config.events.values()].filter((event) => event.stream === stream).map(({ type }) => type)
}
