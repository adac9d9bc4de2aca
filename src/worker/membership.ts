/**
 * This process's membership in a subscription's group: joined, left, and left and joined again when nothing else helps.
 * @module
 */
import { sleep, type Clock } from '../clock.ts'
import type { Consumer, ConsumeOptions, ConsumerListener, Log } from '../transport/index.ts'

export interface MembershipOptions {
  readonly log: Pick<Log, 'consume'>
  readonly clock: Clock
  readonly consume: Omit<ConsumeOptions, 'listener'>
  readonly listener: ConsumerListener
  /** How long leaving may take before it is not waited for any more, when the group is joined again. */
  readonly leaveTimeoutMs: number
  /** Lets go of everything that is held still, and of what is on its way. */
  readonly dropAll: () => void
  readonly joined: () => void
  readonly trouble: (doing: string, error: Error) => void
}

const retryMs = 1_000

export class Membership {
  consumer: Consumer | undefined
  private readonly options: MembershipOptions
  private readonly left = new AbortController()
  private rejoining: Promise<void> | undefined
  /** Counts memberships: what an earlier one still hears is not for us. */
  private number = 0

  constructor(options: MembershipOptions) {
    this.options = options
  }

  /** @throws the log's errors */
  async join(): Promise<void> {
    const { log, consume } = this.options
    const number = ++this.number
    const consumer = await log.consume({ ...consume, listener: this.listenerOf(number) })
    this.consumer = consumer
    this.options.joined()
  }

  /** Once at a time; not after `leave`. */
  rejoin(): void {
    if (this.left.signal.aborted) return
    this.rejoining ??= this.rejoinOnce().finally(() => (this.rejoining = undefined))
  }

  /** What is held is given back on the way. */
  async leave(): Promise<void> {
    this.left.abort()
    await this.rejoining
    await this.close(this.consumer)
  }

  private async rejoinOnce(): Promise<void> {
    const { clock, leaveTimeoutMs, dropAll, trouble } = this.options
    const { signal } = this.left
    const late = new AbortController()
    await Promise.race([this.close(this.consumer), sleep(clock, leaveTimeoutMs, late.signal).catch(() => {})])
    late.abort()
    // From here on the old membership says nothing to us.
    this.number++
    this.consumer = undefined
    dropAll()
    while (!signal.aborted) {
      try {
        return await this.join()
      } catch (error) {
        trouble('join the group again', error as Error)
        await sleep(clock, retryMs, signal).catch(() => {})
      }
    }
  }

  private async close(consumer: Consumer | undefined): Promise<void> {
    await consumer?.close().catch((error: Error) => this.options.trouble('leave the group', error))
  }

  private listenerOf(number: number): ConsumerListener {
    const { listener } = this.options
    const isCurrent = (): boolean => this.number === number
    return {
      assigned: (partitions) => void (isCurrent() && listener.assigned(partitions)),
      revoked: async (partitions) => {
        if (isCurrent()) await listener.revoked(partitions)
      },
      lost: (partitions) => void (isCurrent() && listener.lost(partitions)),
      failed: (error) => void (isCurrent() && listener.failed(error)),
    }
  }
}
