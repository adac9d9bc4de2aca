/**
 * What differs between a topic as it is wanted and as it is.
 * @module
 */
import { durationText, sizeText } from '../config/index.ts'
import type { TopicSetting, TopicState } from '../transport/index.ts'
import type { Actual } from './actual.ts'
import type { Abilities, Allowances } from './allowances.ts'
import { blocked, type Change, type SetTopic } from './change.ts'
import type { DesiredTopic } from './desired.ts'
import { movingShare } from './key-moves.ts'
import { movesTo, settledReplicas, type Move } from './placement.ts'

/** Our settings by Kafka's names. */
const kafkaNames: Readonly<Record<TopicSetting, string>> = {
  retentionMs: 'retention.ms',
  retentionBytes: 'retention.bytes',
  compaction: 'compaction (cleanup.policy)',
  minInsyncReplicas: 'min.insync.replicas',
  maxMessageBytes: 'max.message.bytes',
}

const inFile: Readonly<Record<TopicSetting, string>> = {
  retentionMs: 'retention',
  retentionBytes: 'retentionSize',
  compaction: 'compaction',
  minInsyncReplicas: 'minInsyncReplicas',
  maxMessageBytes: 'maxMessageSize',
}

export function settingText(setting: TopicSetting, value: number | boolean): string {
  return `${kafkaNames[setting]} ${valueText(setting, value)}`
}

function valueText(setting: TopicSetting, value: number | boolean | undefined): string {
  if (value === undefined) return 'unknown'
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  if (value === Infinity) return setting === 'retentionMs' ? 'forever' : 'unlimited'
  if (setting === 'retentionMs') return durationText(value)
  return setting === 'minInsyncReplicas' ? `${value}` : sizeText(value)
}

export function topicChanges(
  topic: DesiredTopic,
  state: TopicState,
  actual: Actual,
  abilities: Abilities,
  allowed: Allowances,
): readonly Change[] {
  const replicas = abilities.replicates ? replicaChanges(topic, state, actual) : []
  const isBlocked = replicas.some((change) => change.kind === 'blocked')
  const settings = settingChanges(topic, state, abilities)
  const inSync = abilities.replicates && !isBlocked ? inSyncProblem(topic, state) : []
  return [...partitionChanges(topic, state, abilities, allowed), ...settings, ...replicas, ...inSync]
}

/** Only what is said: a setting that the typed file leaves to the transport is not ours to change. */
function settingChanges(topic: DesiredTopic, state: TopicState, abilities: Abilities): readonly SetTopic[] {
  return abilities.sets.flatMap((setting): SetTopic[] => {
    const wanted = setting === 'compaction' ? (topic.compaction ?? false) : topic[setting]
    const has = state[setting]
    if (wanted === undefined || wanted === has) return []
    const raises = typeof wanted === 'number' && typeof has === 'number' && wanted > has
    return [
      {
        kind: 'set',
        symbol: '~',
        subject: topic.name,
        setting,
        to: wanted === Infinity ? null : wanted,
        raises,
        what: `${kafkaNames[setting]} ${valueText(setting, has)} → ${valueText(setting, wanted)}`,
        reason: reasonOf(topic, setting, wanted, has),
      },
    ]
  })
}

function reasonOf(topic: DesiredTopic, setting: TopicSetting, wanted: unknown, has: unknown): string {
  const said = `${inFile[setting]} of ${topic.purpose}`
  if (setting === 'compaction' && wanted === true) return `${said}; older events of a key may go from now on`
  const loses = setting.startsWith('retention') && typeof has === 'number' && Number(wanted) < has
  return loses ? `${said}; events beyond it may be removed at once` : said
}

function partitionChanges(
  topic: DesiredTopic,
  state: TopicState,
  abilities: Abilities,
  allowed: Allowances,
): readonly Change[] {
  const [has, wanted] = [state.partitions.length, topic.partitions]
  if (has === wanted) return []
  const what = `partitions ${has} → ${wanted}`
  if (wanted < has) {
    return [
      blocked(topic.name, what, 'partitions cannot be lowered: their events would be lost', [
        `Set partitions back to ${has}; or ${newVersionSteps}`,
      ]),
    ]
  }
  if (!abilities.addsPartitions) {
    return [
      blocked(topic.name, what, 'this log cannot add partitions', [
        `Set partitions back to ${has}; or ${newVersionSteps}`,
      ]),
    ]
  }
  const share = Math.round(movingShare(has, wanted) * 100)
  const reason = `${share} % of keys move to another partition: their events are out of order while older ones wait in the old one`
  if (allowed.repartition) {
    return [
      {
        kind: 'partitions',
        symbol: '!',
        subject: topic.name,
        to: wanted,
        what,
        reason: `${reason}; allowed by --allow-repartition`,
      },
    ]
  }
  return [
    blocked(topic.name, what, reason, [
      `Safe: ${newVersionSteps}`,
      'Where order across the change does not matter, --allow-repartition raises it in place.',
    ]),
  ]
}

const newVersionSteps =
  'raise topicVersion of the stream: stop what publishes to it, wait until "veltrix lanes" shows no lag, apply, start the new version, and remove the old topics with --allow-delete when their retention has passed.'

function replicaChanges(topic: DesiredTopic, state: TopicState, actual: Actual): readonly Change[] {
  const isMoving = state.partitions.some(({ adding, removing }) => adding.length > 0 || removing.length > 0)
  const counts = [...new Set(state.partitions.map((partition) => settledReplicas(partition).length))].toSorted()
  const copies = topic.replicationFactor ?? (isMoving ? Math.max(...counts) : undefined)
  if (copies === undefined) return []
  const { brokers } = actual.cluster
  const what = `replication factor ${counts.join(' and ')} → ${copies}`
  if (counts.length === 1 && counts[0] === copies) {
    if (!isMoving) return []
    const reason = 'copies are being moved already'
    return [
      {
        kind: 'replicas',
        symbol: '~',
        subject: topic.name,
        copies,
        moves: [],
        what: `waits for ${copies} copies`,
        reason,
      },
    ]
  }
  if (copies > brokers.length) {
    return [blocked(topic.name, what, `the cluster has ${brokers.length} broker(s) at the moment`)]
  }
  const moves = movesTo(copies, state, brokers)
  const bytes = moves.every((move) => move.bytes !== undefined)
    ? moves.reduce((sum, move) => sum + move.bytes!, 0)
    : undefined
  const raises = moves.some(({ from, to }) => to.length > from.length)
  const copied = bytes === undefined ? 'an unknown amount' : roundSize(bytes)
  return [
    {
      kind: 'replicas',
      symbol: '~',
      subject: topic.name,
      copies,
      moves,
      what,
      reason: `replicationFactor of ${topic.purpose}${raises ? `; copies ${copied}` : ''}`,
      details: moves.map(moveText),
    },
  ]
}

function moveText({ partition, from, to, bytes }: Move): string {
  const size = bytes === undefined || bytes === 0 ? '' : ` (${roundSize(bytes)})`
  return `partition ${partition}: brokers ${from.join(',')} → ${to.join(',')}${size}`
}

function roundSize(bytes: number): string {
  const MiB = 1024 ** 2
  return bytes >= 10 * MiB
    ? `${Math.round(bytes / MiB)}MiB`
    : bytes >= 10_240
      ? `${Math.round(bytes / 1024)}KiB`
      : `${bytes}B`
}

export const nothingStored = 'nothing could be stored; raise replicationFactor or lower minInsyncReplicas'

/** What would stop all publishing. */
function inSyncProblem(topic: DesiredTopic, state: TopicState): readonly Change[] {
  const inSync = topic.minInsyncReplicas ?? state.minInsyncReplicas
  const copies = topic.replicationFactor ?? Math.min(...state.partitions.map((each) => settledReplicas(each).length))
  if (inSync === undefined || inSync <= copies || copies === 0) return []
  return [blocked(topic.name, `min.insync.replicas ${inSync} is above its ${copies} copies`, nothingStored)]
}
