/**
 * Commits of one member, one after the other in the order they were made.
 * @module
 */
import { sleep } from '../../../clock.ts'
import { isVeltrixError } from '../../../errors.ts'
import { Fenced, LogUnavailable, type AppendRecord, type CommitPosition } from '../../index.ts'
import type { Needs } from '../access.ts'
import { errorOfCode, toTransportError } from '../broker-errors.ts'
import type { Cluster } from '../cluster.ts'
import { code, isCoordinatorMoved, isGone, isGroupChanging } from '../error-codes.ts'
import { storePositions, type MemberIdentity } from './committed.ts'
import type { Coordinator } from './coordinator.ts'
import type { Holdings } from './holdings.ts'
import { Transactions } from './transactions.ts'

type Granted = CommitPosition & { readonly grant: number }

export class Commits {
  readonly #cluster: Cluster
  readonly #coordinator: Coordinator
  readonly #member: MemberIdentity
  readonly #holdings: Pick<Holdings, 'holds'>
  readonly #poke: () => void
  #last: Promise<void> = Promise.resolve()
  /** Made by the first commit with records. */
  #transactions: Transactions | undefined
  #waiting: (() => void)[] = []

  /** @param poke asks for a heartbeat now */
  constructor(
    cluster: Cluster,
    coordinator: Coordinator,
    member: MemberIdentity,
    holdings: Pick<Holdings, 'holds'>,
    poke: () => void,
  ) {
    this.#cluster = cluster
    this.#coordinator = coordinator
    this.#member = member
    this.#holdings = holdings
    this.#poke = poke
  }

  /**
   * @param records stored with the positions in one transaction
   * @throws Fenced, LogUnavailable, MetadataTooLarge, RecordTooLarge, TopicUnknown
   */
  commit(positions: readonly Granted[], records: readonly AppendRecord[] = []): Promise<void> {
    const stored = this.#last.then(() => this.#commit(positions, records))
    this.#last = stored.catch(() => {})
    return stored
  }

  /** The member's epoch may be another, or nothing be held any more: what waits looks again. */
  heard(): void {
    for (const go of this.#waiting.splice(0)) go()
  }

  async #commit(positions: readonly Granted[], records: readonly AppendRecord[]): Promise<void> {
    const { clock, options } = this.#cluster
    const deadline = clock.monotonic() + options.requestTimeoutMs
    for (;;) {
      const stranger = positions.find((position) => !this.#holdings.holds(position))
      if (stranger !== undefined) {
        throw new Fenced(
          `This member does not hold ${stranger.topic}/${stranger.partition} any more: its work there no longer counts.`,
        )
      }
      const trouble = await this.#attempt(positions, records)
      if (trouble === undefined) return
      if (clock.monotonic() >= deadline || (isVeltrixError(trouble) && !trouble.retryable)) throw trouble
    }
  }

  /** Undefined when everything is stored; an error that is `retryable` when it is worth another attempt, after a pause. */
  async #attempt(positions: readonly Granted[], records: readonly AppendRecord[]): Promise<Error | undefined> {
    const doing = `commit in the group "${this.#coordinator.group}"`
    let errorCodes: readonly number[]
    try {
      errorCodes = await this.#store(positions, records)
    } catch (error) {
      await this.#pause()
      return toTransportError(error, doing, this.#needs(positions))
    }
    const errorCode = errorCodes.find((each) => each !== code.none)
    if (errorCode === undefined) return undefined
    if (isGroupChanging(errorCode)) {
      // The group goes on to another epoch; whether this member is still in it, its next heartbeat tells.
      const heard = new Promise<void>((resolve) => this.#waiting.push(resolve))
      this.#poke()
      await heard
      return new LogUnavailable(`Could not ${doing}: the group is changing.`)
    }
    if (isGone(errorCode)) this.#poke()
    else if (isCoordinatorMoved(errorCode) || errorCode === code.unknownTopic) {
      this.#coordinator.forget()
      await this.#pause()
      return new LogUnavailable(`Could not ${doing}: the coordinator is not ready.`)
    }
    return errorOfCode(errorCode, doing, { needs: this.#needs(positions) })
  }

  #needs(positions: readonly Granted[]): Needs {
    const topics = [...new Set(positions.map(({ topic }) => topic))].join(', ')
    return { user: this.#cluster.user, group: ['Read', this.#coordinator.group], topic: ['Read', topics] }
  }

  #store(positions: readonly Granted[], records: readonly AppendRecord[]): Promise<readonly number[]> {
    const member = { ...this.#member }
    if (records.length === 0) return storePositions(this.#cluster, this.#coordinator, member, positions)
    this.#transactions ??= new Transactions(this.#cluster, this.#coordinator, member.id)
    return this.#transactions.store(positions, member, records)
  }

  #pause(): Promise<void> {
    return sleep(this.#cluster.clock, this.#cluster.options.retryBackoffMs)
  }
}
