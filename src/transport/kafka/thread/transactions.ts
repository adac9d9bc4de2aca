/**
 * Commits that store records: records and positions in one transaction of Kafka, one after the other.
 *
 * It runs on the member's thread: a transaction that stands still holds back every reader of the partitions it wrote to, and the main
 * thread may be busy.
 *
 * The order of a transaction: its partitions are announced to its coordinator; the records go to their leaders while the group's
 * coordinator takes the positions and looks whether the member still counts (KIP-447); then it is ended. Before the end is asked for
 * anything may go wrong: the transaction is aborted and its producer begins anew with a higher epoch, so that nothing of it that is
 * still on its way can get into a later one. Once the end is asked for, only the coordinator knows, and is asked until it says.
 * @module
 */
import { sleep } from '../../../clock.ts'
import { isVeltrixError } from '../../../errors.ts'
import { LogUnavailable, LogUnwritable, RecordTooLarge, type AppendRecord } from '../../index.ts'
import type { Needs } from '../access.ts'
import { answerOf, errorOfCode, toTransportError } from '../broker-errors.ts'
import type { Connection } from '../client.ts'
import type { Cluster } from '../cluster.ts'
import { code, isCoordinatorMoved, isNotAuthorized } from '../error-codes.ts'
import { positionsByTopic, type MemberIdentity, type Position } from './committed.ts'
import { Coordinator } from './coordinator.ts'
import { StagedBatches, storeBatches, TooLarge, type ProducerIdentity } from './staged-batches.ts'

/** Before the first question again whether a transaction has ended; mostly it has by then. Doubled each time, up to `retryBackoff`. */
const firstPauseMs = 5

/** What the coordinator says of a transaction that it has aborted by itself, when its commit is asked for. */
const aborted = new Set<number>([
  code.invalidProducerEpoch,
  code.invalidTransactionState,
  code.invalidProducerIdMapping,
  code.producerFenced,
  code.transactionAbortable,
])

export class Transactions {
  readonly #cluster: Cluster
  readonly #group: Coordinator
  readonly #coordinator: Coordinator
  readonly #id: string
  /** Undefined: not begun, or aborted; the next transaction begins with a new epoch. */
  #identity: ProducerIdentity | undefined
  /** Of the transaction under way, as a message names them. */
  #topics = ''

  /** The transactional id is `<group>.<member>`: a member's own, and covered by an ACL for the group's name as prefix. */
  constructor(cluster: Cluster, group: Coordinator, memberId: string) {
    this.#cluster = cluster
    this.#group = group
    this.#id = `${group.group}.${memberId}`
    this.#coordinator = new Coordinator(cluster, this.#id, 'Write', 'transactional-id')
  }

  /**
   * @returns Kafka's error numbers of the positions when they are refused; none when everything is stored
   * @throws LogUnavailable, RecordTooLarge, TopicUnknown, LogUnwritable, LogClosed. Whatever is thrown or returned: nothing is stored then
   */
  async store(
    positions: readonly Position[],
    member: MemberIdentity,
    records: readonly AppendRecord[],
  ): Promise<readonly number[]> {
    try {
      return await this.#store(positions, member, records, this.#cluster.options.batchBytes)
    } catch (error) {
      if (!(error instanceof TooLarge)) throw error
      // The topic takes less than a batch, but perhaps a record.
      return this.#store(positions, member, records, 0).catch((again: unknown) => {
        if (!(again instanceof TooLarge)) throw again
        throw new RecordTooLarge(again.bytes, again.bytes, `max.message.bytes of the topic "${again.topic}"`)
      })
    }
  }

  async #store(
    positions: readonly Position[],
    member: MemberIdentity,
    records: readonly AppendRecord[],
    batchBytes: number,
  ): Promise<readonly number[]> {
    const staged = new StagedBatches(records, batchBytes)
    this.#topics = [...new Set(staged.partitions.map(({ topic }) => topic))].join(', ')
    for (const { topic, partition } of staged.partitions) await this.#cluster.known(topic, partition)
    const identity = await this.#begin()
    let refused: readonly number[]
    try {
      await this.#announce(identity, staged)
      const stored = storeBatches(this.#cluster, this.#id, identity, staged)
      ;[refused] = await Promise.all([this.#storePositions(identity, member, positions), stored])
    } catch (error) {
      await this.#abort()
      await this.#cluster.refresh(new Set(staged.partitions.map(({ topic }) => topic))).catch(() => {})
      throw error
    }
    if (refused.length === 0) await this.#end(identity)
    else await this.#abort()
    return refused
  }

  async #begin(): Promise<ProducerIdentity> {
    const { client, options } = this.#cluster
    for (let pauses = 0; this.#identity === undefined; pauses++) {
      const answer = await this.#ask('begin a transaction', (connection) =>
        answerOf(client.initProducerIdV4.api.async(connection, this.#id, options.transactionTimeoutMs, -1n, -1)),
      )
      if (answer.errorCode === code.none) {
        const { producerId, producerEpoch: epoch } = answer
        this.#identity = { producerId, epoch, sequences: new Map() }
      } else if (answer.errorCode === code.invalidTransactionTimeout) {
        throw new LogUnwritable(
          `kafka({ transactionTimeout }) is ${options.transactionTimeoutMs}, above the broker's transaction.max.timeout.ms. Take a lower one.`,
        )
      } else await this.#pauseOrThrow(answer.errorCode, pauses, 'begin a transaction')
    }
    return this.#identity
  }

  async #announce({ producerId, epoch }: ProducerIdentity, staged: StagedBatches): Promise<void> {
    const { client } = this.#cluster
    const topics = [...Map.groupBy(staged.partitions, ({ topic }) => topic)].map(([name, at]) => ({
      name,
      partitions: at.map(({ partition }) => partition),
    }))
    const transaction = {
      transactionalId: this.#id,
      producerId,
      producerEpoch: epoch,
      verifyOnly: false,
      topics,
    }
    for (let pauses = 0; ; pauses++) {
      const { resultsByTransaction } = await this.#ask('add partitions to a transaction', (connection) =>
        answerOf(client.addPartitionsToTxnV3.api.async(connection, [transaction])),
      )
      const codes = resultsByTransaction.flatMap(({ topicResults }) =>
        topicResults.flatMap(({ resultsByPartition }) => resultsByPartition.map((each) => each.partitionErrorCode)),
      )
      const errorCode = codes.find((each) => each !== code.none && each !== code.operationNotAttempted)
      if (errorCode === undefined) return
      await this.#pauseOrThrow(errorCode, pauses, 'add partitions to a transaction')
    }
  }

  /** @returns error numbers when they are refused */
  async #storePositions(
    { producerId, epoch }: ProducerIdentity,
    member: MemberIdentity,
    positions: readonly Position[],
  ): Promise<readonly number[]> {
    const { client } = this.#cluster
    const { group } = this.#group
    for (let pauses = 0; ; pauses++) {
      const { errorCode } = await this.#ask('add positions to a transaction', (connection) =>
        answerOf(client.addOffsetsToTxnV3.api.async(connection, this.#id, producerId, epoch, group)),
      )
      if (errorCode === code.none) break
      await this.#pauseOrThrow(errorCode, pauses, 'add positions to a transaction')
    }
    const topics = positionsByTopic(positions)
    const answer = await this.#group.ask((connection) =>
      answerOf(
        client.txnOffsetCommitV3.api.async(
          connection, this.#id, group, producerId, epoch, member.epoch, member.id, member.instanceId, topics,
        ), // prettier-ignore
      ),
    )
    const codes = answer.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode))
    return codes.filter((each) => each !== code.none)
  }

  /** Commits, and knows it: asks until the coordinator says how the transaction ended. */
  async #end({ producerId, epoch }: ProducerIdentity): Promise<void> {
    const { client, options } = this.#cluster
    let mayHaveEnded = false
    for (let pauses = 0; ; pauses++) {
      const errorCode = await this.#ask('end a transaction', (connection) =>
        answerOf(client.endTxnV3.api.async(connection, this.#id, producerId, epoch, true)),
      ).then(
        (answer) => answer.errorCode,
        (error: unknown) => {
          if (isVeltrixError(error) && error.code === 'VLX_LOG_CLOSED') throw error
          mayHaveEnded = true
        },
      )
      if (errorCode === code.none) return
      if (errorCode !== undefined && aborted.has(errorCode)) {
        this.#identity = undefined
        throw new LogUnavailable(
          `A transaction took longer than kafka({ transactionTimeout }), ${options.transactionTimeoutMs} ms, and was aborted by the broker.`,
        )
      }
      if (errorCode !== undefined && isNotAuthorized(errorCode) && !mayHaveEnded) {
        await this.#abort()
        throw errorOfCode(errorCode, 'end a transaction', { needs: this.#needs() })
      }
      if (errorCode !== undefined && isCoordinatorMoved(errorCode)) this.#coordinator.forget()
      await this.#pause(pauses)
    }
  }

  /** A new epoch aborts what is open; where that cannot be had now, it is the first thing the next transaction asks for. */
  async #abort(): Promise<void> {
    this.#identity = undefined
    await this.#begin().catch(() => {})
  }

  /** The transaction before is still being ended: a moment later it is not. */
  async #pauseOrThrow(errorCode: number, pauses: number, doing: string): Promise<void> {
    if (isCoordinatorMoved(errorCode)) this.#coordinator.forget()
    if (errorCode !== code.concurrentTransactions) throw errorOfCode(errorCode, doing, { needs: this.#needs() })
    await this.#pause(pauses)
  }

  #needs(): Needs {
    const { user } = this.#cluster
    const topic = ['Write', this.#topics] as const
    return { user, 'transactional-id': ['Write', this.#id], group: ['Read', this.#group.group], topic }
  }

  #pause(pauses: number): Promise<void> {
    const { clock, options } = this.#cluster
    return sleep(clock, Math.min(options.retryBackoffMs, firstPauseMs * 2 ** Math.min(pauses, 10)))
  }

  async #ask<Answer>(doing: string, ask: (connection: Connection) => Promise<Answer>): Promise<Answer> {
    try {
      return await this.#coordinator.ask(ask)
    } catch (error) {
      throw toTransportError(error, doing, this.#needs())
    }
  }
}
