/**
 * The broker that keeps a group: found when it is needed, and found again when it is another one.
 * @module
 */
import { LogUnavailable } from '../../index.ts'
import type { Needs, Operation } from '../access.ts'
import { answerOf, toTransportError, troubleOf } from '../broker-errors.ts'
import type { Connection } from '../client.ts'
import type { Cluster } from '../cluster.ts'
import type { Address } from '../connections.ts'
import { code, isCoordinatorMoved } from '../error-codes.ts'
import { errorOfCode } from '../broker-errors.ts'

export class Coordinator {
  readonly group: string
  readonly #cluster: Cluster
  readonly #operation: Operation
  #address: Address | undefined

  /** @param operation the right on the group that the questions will take */
  constructor(cluster: Cluster, group: string, operation: Operation = 'Read') {
    this.#operation = operation
    this.#cluster = cluster
    this.group = group
  }

  /**
   * Asks the coordinator something, on a connection that nobody else waits behind.
   * @throws CoordinatorMoved when it is another broker by now, or none; the client's own errors for any other answer
   */
  async ask<Answer>(ask: (connection: Connection) => Promise<Answer>): Promise<Answer> {
    const address = (this.#address ??= await this.#find())
    const { connections } = this.#cluster
    let connection: Connection | undefined
    try {
      connection = await connections.lease(address)
      const answer = await ask(connection)
      connections.giveBack(address, connection)
      return answer
    } catch (error) {
      const trouble = troubleOf(error)
      const answered = trouble !== undefined
      if (connection !== undefined) connections.giveBack(address, connection, !answered)
      if (answered && !isCoordinatorMoved(trouble.apiCode)) throw error
      this.forget()
      throw toTransportError(error, `reach the coordinator of the group "${this.group}"`)
    }
  }

  /** It is another one by now. */
  forget(): void {
    this.#address = undefined
  }

  async #find(): Promise<Address> {
    const { client } = this.#cluster
    const ofGroups = 0
    const doing = `find the coordinator of the group "${this.group}"`
    const answer = await this.#cluster.askAny(doing, (connection) =>
      answerOf(client.findCoordinatorV4.api.async(connection, ofGroups, [this.group])),
    )
    const found = answer.coordinators[0]
    if (found === undefined) throw new LogUnavailable(`Could not ${doing}: the answer names none.`)
    if (found.errorCode !== code.none) {
      const needs: Needs = { user: this.#cluster.user, group: [this.#operation, this.group] }
      throw errorOfCode(found.errorCode, doing, { needs })
    }
    return { host: found.host, port: found.port }
  }
}
