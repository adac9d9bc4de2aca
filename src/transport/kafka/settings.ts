/**
 * Changing settings of topics and brokers: only those that are named.
 * @module
 */
import type { Needs } from './access.ts'
import { answerOf, errorOfCode } from './broker-errors.ts'
import type { Connection } from './client.ts'
import type { Broker, Cluster } from './cluster.ts'
import { code } from './error-codes.ts'

export const set = 0
export const remove = 1

export type SettingChange =
  | { readonly operation: typeof set; readonly name: string; readonly value: string }
  | { readonly operation: typeof remove; readonly name: string }

export interface ChangedResource {
  /** Kafka's number: 2 a topic, 4 a broker. */
  readonly type: 2 | 4
  readonly name: string
  readonly changes: readonly SettingChange[]
}

/**
 * @param broker who is asked: a broker takes changes of its own settings only. Any when absent
 * @throws the first that was refused
 */
export async function alterSettings(
  cluster: Cluster,
  doing: string,
  resources: readonly ChangedResource[],
  broker?: Broker,
): Promise<void> {
  const wanted = resources.map(({ type, name, changes }) => ({
    resourceType: type,
    resourceName: name,
    configs: changes.map((change) =>
      change.operation === set
        ? { name: change.name, configOperation: set, value: change.value }
        : { name: change.name, configOperation: remove },
    ),
  })) as Parameters<typeof cluster.client.incrementalAlterConfigsV1.api.async>[1]
  const ask = (connection: Connection) =>
    answerOf(cluster.client.incrementalAlterConfigsV1.api.async(connection, wanted, false))
  const answer = await (broker === undefined ? cluster.askAny(doing, ask) : cluster.ask(broker, doing, ask))
  const refused = answer.responses.find(({ errorCode }) => errorCode !== code.none)
  if (refused === undefined) return
  const { errorCode, errorMessage, resourceName } = refused
  const trouble = { apiCode: errorCode, apiId: `Kafka's error ${errorCode}`, serverErrorMessage: errorMessage }
  const needs: Needs =
    refused.resourceType === 2 ? { topic: ['AlterConfigs', resourceName] } : { cluster: ['AlterConfigs'] }
  throw errorOfCode(errorCode, doing, { trouble, topic: resourceName, needs: { user: cluster.user, ...needs } })
}
