/**
 * The least rights an application needs on a Kafka cluster, by what its processes do: publish, work, plan and apply.
 * @module
 */
import type { CompiledConfig } from '../config/index.ts'
import { ledgerTopic, nameSpace } from './desired.ts'

export type AclRole = 'publisher' | 'worker' | 'apply'

export const aclRoles: readonly AclRole[] = ['publisher', 'worker', 'apply']

/** Operations allowed to one principal on one resource. */
export interface AclGrant {
  readonly role: AclRole
  readonly resource: 'topic' | 'group' | 'cluster' | 'transactional-id'
  /** Of the resource; a beginning of names with `pattern: 'prefixed'`. */
  readonly name: string
  readonly pattern: 'literal' | 'prefixed'
  /** In the words of `kafka-acls.sh --operation`. */
  readonly operations: readonly string[]
  /** What it is for. */
  readonly why: string
}

/** Rights of every role. A process that does two of these things needs both. */
export function aclGrants(config: CompiledConfig): readonly AclGrant[] {
  return [...publisherGrants(config), ...workerGrants(config), ...applyGrants(config)]
}

function publisherGrants(config: CompiledConfig): AclGrant[] {
  const streams = streamTopicNames(config).map((name) =>
    grant('publisher', 'topic', name, ['Write'], 'publishes events'),
  )
  const dead = deadTopicNames(config).map((name) =>
    grant('publisher', 'topic', name, ['Describe'], 'sees at the start that it is there'),
  )
  return [...streams, ...dead]
}

function workerGrants(config: CompiledConfig): AclGrant[] {
  const read = new Set([...config.subscriptions.values()].flatMap(({ topics }) => topics.map(({ topic }) => topic)))
  const streams = streamTopicNames(config).map((name) =>
    read.has(name)
      ? grant('worker', 'topic', name, ['Read'], 'reads events')
      : grant('worker', 'topic', name, ['Describe'], 'sees at the start that it is there'),
  )
  const dead = deadTopicNames(config).map((name) =>
    grant('worker', 'topic', name, ['Read', 'Write'], 'keeps dead letters, and finds out what became of them'),
  )
  const groups = [...config.subscriptions.values()].map(({ group }) =>
    grant(
      'worker',
      'group',
      group,
      ['Read', 'AlterConfigs', 'DescribeConfigs'],
      'takes part in its group, with its session time-out',
    ),
  )
  const transactions = [...config.subscriptions.values()]
    .filter(({ exactlyOnce }) => exactlyOnce)
    .map(({ group }): AclGrant => {
      const why = 'stores what handlers publish with the commit'
      return { ...grant('worker', 'transactional-id', `${group}.`, ['Write'], why), pattern: 'prefixed' }
    })
  return [...streams, ...dead, ...groups, ...transactions]
}

function applyGrants(config: CompiledConfig): AclGrant[] {
  const ledger = ledgerTopic(config.app)
  // Only with transactions may what lies behind a position be no event, so that it has to be looked at.
  const reads = [...config.subscriptions.values()].some(({ exactlyOnce }) => exactlyOnce)
  const groups = [...config.subscriptions.values()].map(({ group }) =>
    grant('apply', 'group', group, ['Describe'], 'sees what is not handled yet'),
  )
  return [
    {
      ...grant(
        'apply',
        'topic',
        nameSpace(config.app),
        reads ? [...applyOperations, 'Read'] : applyOperations,
        'looks at and changes topics of the application',
      ),
      pattern: 'prefixed',
    },
    grant('apply', 'topic', ledger, ['Read', 'Write'], 'remembers what is owned'),
    grant('apply', 'group', ledger, ['Read', 'AlterConfigs', 'DescribeConfigs'], 'holds the lock'),
    ...groups,
    grant(
      'apply',
      'cluster',
      'kafka-cluster',
      ['Describe', 'DescribeConfigs', 'Alter'],
      'reads settings of brokers, moves copies',
    ),
  ]
}

const applyOperations = ['Describe', 'DescribeConfigs', 'Create', 'Alter', 'AlterConfigs', 'Delete']

function grant(
  role: AclRole,
  resource: AclGrant['resource'],
  name: string,
  operations: readonly string[],
  why: string,
): AclGrant {
  return { role, resource, name, pattern: 'literal', operations, why }
}

function streamTopicNames(config: CompiledConfig): string[] {
  return [...config.streams.values()].flatMap(({ topics }) => [...topics.values()])
}

function deadTopicNames(config: CompiledConfig): string[] {
  return [...config.subscriptions.values()].flatMap(({ deadTopic, auditTopic }) => [deadTopic, auditTopic])
}

/** The words behind `kafka-acls.sh --bootstrap-server …` that grant it. */
export function aclArguments({ resource, name, pattern, operations }: AclGrant, principal: string): readonly string[] {
  return [
    '--add',
    '--allow-principal',
    principal,
    ...operations.flatMap((operation) => ['--operation', operation]),
    ...(resource === 'cluster' ? ['--cluster'] : [`--${resource}`, name]),
    ...(resource === 'cluster' ? [] : ['--resource-pattern-type', pattern]),
  ]
}
