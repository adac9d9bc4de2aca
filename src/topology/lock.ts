/**
 * One plan at a time: who holds the only partition of the ledger, as the member of a group, applies. The log's own heartbeats keep the lock,
 * and free it when its holder dies.
 * @module
 */
import { sleep, type Clock } from '../clock.ts'
import type { AssignedPartition, Consumer, Log } from '../transport/index.ts'
import { PlanLocked, PlanLockLost } from './errors.ts'

export interface LockOptions {
  readonly log: Log
  /** The ledger; it is the name of the group as well. */
  readonly topic: string
  /** Shown to who comes second. */
  readonly by: string
  readonly clock: Clock
  /** How long to wait for another holder. 0 does not wait. */
  readonly timeoutMs: number
  readonly sessionTimeoutMs: number
}

interface Holder {
  readonly by: string
  readonly since: string | undefined
}

/** Between two looks at who holds it. */
const pollMs = 200
/** The group may list this member as the holder before this member has heard of it: so long nobody is taken for another. */
const graceMs = 10_000
/** A free lock is had within this time, or the group does not work. */
const joinMs = 60_000

export class Lock {
  readonly #options: LockOptions
  readonly #since: string
  #consumer: Consumer | undefined
  #held: AssignedPartition | undefined
  #failure: Error | undefined

  private constructor(options: LockOptions) {
    this.#options = options
    this.#since = new Date(options.clock.now()).toISOString()
  }

  /** @throws PlanLocked, and the transport's errors */
  static async acquire(options: LockOptions): Promise<Lock> {
    const lock = new Lock(options)
    try {
      await lock.#acquire()
      return lock
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  /** Called before anything is changed. @throws PlanLockLost */
  async confirm(): Promise<void> {
    const { topic, by } = this.#options
    const held = this.#held
    if (held === undefined) throw new PlanLockLost()
    const metadata = Buffer.from(JSON.stringify({ by, since: this.#since }))
    try {
      await this.#consumer!.commit([{ topic, partition: 0, offset: held.committedOffset, metadata }])
    } catch (cause) {
      if ((cause as { code?: string }).code === 'VLX_FENCED') throw new PlanLockLost({ cause })
      throw cause
    }
  }

  async release(): Promise<void> {
    await this.#consumer?.close()
  }

  async #acquire(): Promise<void> {
    const { log, topic, clock, timeoutMs, sessionTimeoutMs } = this.#options
    const until = clock.monotonic() + timeoutMs
    // Who comes while it is held does not even join: a group that shares out anew might take it from its holder.
    await this.#whileHeld(until)
    this.#consumer = await log.consume({
      group: topic,
      topics: [topic],
      sessionTimeoutMs,
      // A static member would keep the lock after its end.
      transient: true,
      listener: {
        assigned: ([partition]) => (this.#held = partition ?? this.#held),
        revoked: async () => (this.#held = undefined),
        lost: () => (this.#held = undefined),
        failed: (error) => (this.#failure = error),
      },
    })
    const joined = clock.monotonic()
    const joinUntil = Math.max(until, joined + joinMs)
    while (this.#held === undefined) {
      if (this.#failure !== undefined && (this.#failure as { retryable?: boolean }).retryable !== true) {
        throw this.#failure
      }
      // Two came at the same moment, and the other got it.
      if (clock.monotonic() >= joined + graceMs) await this.#whileHeld(until)
      if (clock.monotonic() >= joinUntil) throw this.#failure ?? new PlanLocked(undefined, undefined)
      await sleep(clock, pollMs)
    }
    await this.confirm()
  }

  async #whileHeld(until: number): Promise<void> {
    const { clock } = this.#options
    for (;;) {
      const holder = this.#held === undefined ? await this.#holder() : undefined
      if (holder === undefined) return
      if (clock.monotonic() >= until) throw new PlanLocked(holder.by, holder.since)
      await sleep(clock, pollMs)
    }
  }

  async #holder(): Promise<Holder | undefined> {
    const { log, topic } = this.#options
    const [group] = await log.admin.groups([topic])
    const member = group?.members.find(({ partitions }) => partitions.length > 0)
    if (member === undefined || this.#held !== undefined) return undefined
    const said = saidBy(group!.positions.find((position) => position.topic === topic)?.metadata)
    // What a holder before this one said is none of its words.
    return { by: member.clientId, since: said?.by === member.clientId ? said.since : undefined }
  }
}

function saidBy(metadata: Uint8Array | undefined): { by: string; since: string } | undefined {
  if (metadata === undefined || metadata.length === 0) return undefined
  try {
    return JSON.parse(Buffer.from(metadata).toString()) as { by: string; since: string }
  } catch {
    return undefined
  }
}
