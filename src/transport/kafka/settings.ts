/**
 * Changing settings of topics and brokers: only those that are named.
 * @module
 */
import { answerOf, errorOfCode } from './broker-errors.ts'
import type { Cluster } from './cluster.ts'
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

/** @throws the first that was refused */
export async function alterSettings(
  cluster: Cluster,
  doing: string,
  resources: readonly ChangedResource[],
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
  const answer = await cluster.askAny(doing, (connection) =>
    answerOf(cluster.client.incrementalAlterConfigsV1.api.async(connection, wanted, false)),
  )
  const refused = answer.responses.find(({ errorCode }) => errorCode !== code.none)
  if (refused === undefined) return
  const { errorCode, errorMessage, resourceName } = refused
  const trouble = { apiCode: errorCode, apiId: `Kafka's error ${errorCode}`, serverErrorMessage: errorMessage }
  throw errorOfCode(errorCode, doing, { trouble, topic: resourceName })
}
