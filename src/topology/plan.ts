/**
 * From what is wanted and what is there to a plan: a pure function. It never lowers partitions, never removes a topic unasked, and never
 * touches one that the application does not own.
 * @module
 */
import type { TopicState } from '../transport/index.ts'
import type { Actual } from './actual.ts'
import type { Abilities, Allowances } from './allowances.ts'
import { blocked, type Change, type Plan, type Warning } from './change.ts'
import { nameSpace, type Desired, type DesiredTopic } from './desired.ts'
import { schemaChanges } from './schema-changes.ts'
import { nothingStored, settingText, topicChanges } from './topic-changes.ts'

export function plan(desired: Desired, actual: Actual, abilities: Abilities, allowed: Allowances): Plan {
  const changes: Change[] = []
  const warnings: Warning[] = []
  const notes: string[] = []
  for (const topic of desired.topics) {
    const state = actual.topics.get(topic.name)
    if (state === undefined) changes.push(creation(topic, actual, abilities, allowed))
    else changes.push(...existing(topic, state, actual, abilities, allowed))
  }
  changes.push(...leavings(desired, actual, allowed, notes))
  const schemas = schemaChanges(desired.schemas, actual.ledger.schemas, allowed.breaking)
  changes.push(...schemas.changes)
  warnings.push(...schemas.warnings)
  notes.push(...schemas.notes)
  return { app: desired.app, changes: changes.toSorted((a, b) => rank(a) - rank(b)), warnings, notes }
}

function creation(topic: DesiredTopic, actual: Actual, abilities: Abilities, allowed: Allowances): Change {
  const brokers = actual.cluster.brokers.length
  const { purpose, otherVersions, ...spec } = topic
  const copies = spec.replicationFactor
  if (abilities.replicates && copies !== undefined && copies > brokers) {
    return blocked(topic.name, `cannot have ${copies} copies`, `the cluster has ${brokers} broker(s) at the moment`)
  }
  const inSync = spec.minInsyncReplicas ?? 1
  if (abilities.replicates && inSync > (copies ?? brokers)) {
    return blocked(topic.name, `min.insync.replicas ${inSync} is above its ${copies ?? brokers} copies`, nothingStored)
  }
  const undrained = otherVersions === undefined || allowed.undrained ? [] : undrainedOf(topic, otherVersions, actual)
  if (undrained.length > 0) {
    return blocked(
      topic.name,
      `is not made while the old version has events`,
      `a worker of the new version does not read the old topics, so these would never be handled: ${undrained.join('; ')}`,
      [
        'Stop what publishes to the stream, wait until "veltrix lanes" shows no lag, then apply and start the new version.',
        '--allow-undrained makes it all the same.',
      ],
    )
  }
  const settings = abilities.sets
    .filter((setting) => spec[setting] !== undefined && spec[setting] !== false)
    .map((setting) => settingText(setting, spec[setting]!))
  const shape = [
    `${spec.partitions} partition${spec.partitions === 1 ? '' : 's'}`,
    ...(abilities.replicates && copies !== undefined ? [copies === 1 ? '1 copy' : `${copies} copies`] : []),
    ...settings,
  ]
  return { kind: 'create', symbol: '+', subject: topic.name, what: shape.join(', '), reason: purpose, spec }
}

function undrainedOf(topic: DesiredTopic, versions: RegExp, actual: Actual): string[] {
  return [...actual.undone]
    .filter(([name]) => name !== topic.name && versions.test(name))
    .flatMap(([name, left]) => [...left].map(([sub, count]) => `${count} event(s) of ${name} by ${sub}`))
}

function existing(
  topic: DesiredTopic,
  state: TopicState,
  actual: Actual,
  abilities: Abilities,
  allowed: Allowances,
): readonly Change[] {
  const owned = actual.ledger.topics.get(topic.name)
  if (owned !== undefined && owned.id === state.id) return topicChanges(topic, state, actual, abilities, allowed)
  if (state.partitions.length !== topic.partitions) {
    return [
      blocked(
        topic.name,
        `is not ours: it has ${state.partitions.length} partitions, the typed file says ${topic.partitions}`,
        'the ledger does not know it, and its shape is another; it is left alone. Give the application or stream another name, or set partitions to what it has to adopt it',
      ),
    ]
  }
  const reason =
    owned === undefined
      ? `it exists with ${state.partitions.length} partition(s) and is not in the ledger yet`
      : 'it was deleted and made again by somebody else'
  return [
    { kind: 'adopt', symbol: '~', subject: topic.name, what: 'adopted', reason },
    ...topicChanges(topic, state, actual, abilities, allowed),
  ]
}

/** Topics that are not in the typed file: ours that left it, ours that are gone, and others, which are only mentioned. */
function leavings(desired: Desired, actual: Actual, allowed: Allowances, notes: string[]): readonly Change[] {
  const wanted = new Set(desired.topics.map(({ name }) => name))
  const changes: Change[] = []
  for (const [name, owned] of actual.ledger.topics) {
    if (wanted.has(name)) continue
    const state = actual.topics.get(name)
    if (state === undefined) {
      changes.push({
        kind: 'forget',
        symbol: '-',
        subject: name,
        what: 'forgotten',
        reason: 'it is not there any more',
      })
    } else if (state.id !== owned.id) {
      notes.push(`${name} was made again by somebody else, and is left alone`)
    } else if (allowed.delete) {
      const left = [...(actual.undone.get(name) ?? [])].map(([sub, count]) => `${count} not handled by ${sub}`)
      const reason =
        left.length === 0 ? 'it left the typed file' : `it left the typed file, with events: ${left.join(', ')}`
      changes.push({ kind: 'delete', symbol: '-', subject: name, what: 'removed with its events', reason })
    } else notes.push(`${name} left the typed file and stays; --allow-delete removes it with its events`)
  }
  for (const name of actual.topics.keys()) {
    // What begins with "_" is Veltrix's own: the ledger, the canary's topics. No stream can have such a name.
    if (wanted.has(name) || actual.ledger.topics.has(name) || name.startsWith(`${nameSpace(desired.app)}_`)) continue
    notes.push(`${name} is not ours (neither in the typed file nor in the ledger), and is left alone`)
  }
  return changes
}

/**
 * The order of steps: the ledger before all; what a topic needs less of before copies move, what it needs more of after; what takes
 * events away last but for the schemas, which tell what events are like from then on.
 */
function rank(change: Change): number {
  const { kind } = change
  if (kind === 'create') return change.spec.name.endsWith('._topology') ? 0 : 2
  if (kind === 'adopt') return 1
  if (kind === 'set') return change.setting === 'minInsyncReplicas' && change.raises === true ? 5 : 3
  return { replicas: 4, partitions: 6, forget: 7, delete: 8, schema: 9, blocked: 10 }[kind]
}
