/**
 * Rights: what a broker refuses because the user of this client lacks one, told with the right that is missing and the command that
 * grants it.
 * @module
 */
import { NotAuthorized } from '../index.ts'

/** In Kafka's words, as `kafka-acls.sh --operation` takes them. */
export type Operation =
  | 'Read'
  | 'Write'
  | 'Create'
  | 'Alter'
  | 'Delete'
  | 'Describe'
  | 'DescribeConfigs'
  | 'AlterConfigs'
  | 'IdempotentWrite'

type Resource = 'topic' | 'group' | 'cluster' | 'transactional-id'

/**
 * What a request needs, by the kind of thing: the broker's answer says on which kind a right is missing, not which one. A name is that
 * of the thing; several are separated by commas.
 */
export interface Needs {
  /** Who this client is, where that is known. */
  readonly user?: string | undefined
  readonly topic?: readonly [Operation, name: string]
  readonly group?: readonly [Operation, name: string]
  readonly cluster?: readonly [Operation]
  readonly 'transactional-id'?: readonly [Operation, name: string]
}

const resourceOfCode: Readonly<Record<number, Resource>> = {
  29: 'topic',
  30: 'group',
  31: 'cluster',
  53: 'transactional-id',
}

/** Undefined when `errorCode` says something else. */
export function notAuthorized(
  errorCode: number,
  doing: string,
  needs: Needs,
  options?: ErrorOptions,
): NotAuthorized | undefined {
  const resource = resourceOfCode[errorCode]
  if (resource === undefined) return undefined
  const [operation, name = ''] = needs[resource] ?? [usual[resource]]
  const thing = resource === 'cluster' ? 'the cluster' : name === '' ? `a ${resource}` : `the ${resource} "${name}"`
  const user = needs.user === undefined ? 'the user of this client' : `the user "${needs.user}"`
  const where = resource === 'cluster' ? '--cluster' : `--${resource} "${name === '' ? '<name>' : name}"`
  const principal = `User:${needs.user ?? '<name>'}`
  return new NotAuthorized(
    `Not allowed to ${doing}: ${user} lacks the right ${operation} on ${thing}. Grant it: kafka-acls.sh --add --allow-principal "${principal}" --operation ${operation} ${where}`,
    resource,
    resource === 'cluster' ? 'kafka-cluster' : name,
    operation,
    options,
  )
}

const usual: Readonly<Record<Resource, Operation>> = {
  topic: 'Describe',
  group: 'Read',
  cluster: 'IdempotentWrite',
  'transactional-id': 'Write',
}
