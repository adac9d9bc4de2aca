/**
 * The broker that keeps a group, or a producer's transactions: found when it is needed, and found again when it is another one.
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

interface Found extends Address {
  readonly nodeId: number
}

/** What is coordinated, with Kafka's number for it. */
const kinds = { group: 0, 'transactional-id': 1 } as const

export class Coordinator {
  /** Its name: the group, or the transactional id. */
  readonly group: string
  readonly #cluster: Cluster
  readonly #operation: Operation
  readonly #kind: keyof typeof kinds
  #address: Found | undefined
  /** Rejects when the coordinator of now is no longer taken for it. */
  #moved = Promise.withResolvers<never>()

  /** @param operation the right on what is coordinated that the questions will take */
  constructor(cluster: Cluster, group: string, operation: Operation = 'Read', kind: keyof typeof kinds = 'group') {
    this.#operation = operation
    this.#cluster = cluster
    this.group = group
    this.#kind = kind
    this.#moved.promise.catch(() => {})
  }

  async nodeId(): Promise<number> {
    return (await this.#found()).nodeId
  }

  /**
   * Asks the coordinator something, on a connection that nobody else waits behind.
   * @throws LogUnavailable when it is another broker by now, or none; the client's own errors for any other answer
   */
  async ask<Answer>(ask: (connection: Connection) => Promise<Answer>): Promise<Answer> {
    const address = await this.#found()
    const { connections } = this.#cluster
    let connection: Connection | undefined
    try {
      connection = await connections.lease(address)
      const answer = await ask(connection)
      connections.giveBack(address, connection)
      return answer
    } catch (error) {
      const answered = troubleOf(error) !== undefined
      if (connection !== undefined) connections.giveBack(address, connection, !answered)
      throw this.#failed(error)
    }
  }

  /** As `ask`, for at most `withinMs`: a coordinator that is silent for longer is looked for anew. */
  async askWithin<Answer>(withinMs: number, ask: (connection: Connection) => Promise<Answer>): Promise<Answer> {
    const late = Promise.withResolvers<never>()
    const timer = this.#cluster.clock.setTimer(withinMs, () => {
      this.forget()
      late.reject(new LogUnavailable(`The coordinator of the ${this.#kind} "${this.group}" does not answer.`))
    })
    const asked = this.ask(ask)
    asked.catch(() => {})
    try {
      return await Promise.race([asked, late.promise])
    } finally {
      timer.cancel()
    }
  }

  /** As `ask`, for what the coordinator answers only when others have come; ends when the coordinator is another one. */
  async askPatiently<Answer>(longestMs: number, ask: (connection: Connection) => Promise<Answer>): Promise<Answer> {
    const { promise: moved } = this.#moved
    const address = await Promise.race([this.#found(), moved])
    const { connections } = this.#cluster
    let connection: Connection | undefined
    try {
      connection = await connections.dedicated(address, longestMs)
      const asked = ask(connection)
      asked.catch(() => {})
      return await Promise.race([asked, moved])
    } catch (error) {
      throw this.#failed(error)
    } finally {
      if (connection !== undefined) connections.giveBack(address, connection, true)
    }
  }

  /** It is another one by now. */
  forget(): void {
    this.#address = undefined
    this.#moved.reject(new LogUnavailable(`The coordinator of the ${this.#kind} "${this.group}" has changed.`))
    this.#moved = Promise.withResolvers()
    this.#moved.promise.catch(() => {})
  }

  #failed(error: unknown): unknown {
    const trouble = troubleOf(error)
    if (trouble !== undefined && !isCoordinatorMoved(trouble.apiCode)) return error
    this.forget()
    return toTransportError(error, `reach the coordinator of the ${this.#kind} "${this.group}"`)
  }

  async #found(): Promise<Found> {
    return (this.#address ??= await this.#find())
  }

  async #find(): Promise<Found> {
    const doing = `find the coordinator of the ${this.#kind} "${this.group}"`
    const answer = await this.#cluster.askAny(doing, async (connection) => {
      const request = await this.#cluster.negotiation.pick(connection, 'FindCoordinator')
      return answerOf(request.async(connection, kinds[this.#kind], [this.group]))
    })
    const found = answer.coordinators[0]
    if (found === undefined) throw new LogUnavailable(`Could not ${doing}: the answer names none.`)
    if (found.errorCode !== code.none) {
      const needs: Needs = { user: this.#cluster.user, [this.#kind]: [this.#operation, this.group] }
      throw errorOfCode(found.errorCode, doing, { needs })
    }
    return { host: found.host, port: found.port, nodeId: found.nodeId }
  }
}
