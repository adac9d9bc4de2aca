/**
 * Events stored twice: a client that got no answer sent the event again, and a log that does not remember ids (`features.dedupeWindowMs`
 * is 0) stored it again. The later record is over as soon as it is read: the earlier one of the same partition was read before it, so it
 * is done, or kept, or still in hand here.
 *
 * Ids are looked at in offset order while records are taken in. Before a partition is fetched, its window is filled with the events
 * just below the committed offset, or a restart between the two would let the later one through.
 * @module
 */
import { channelOf } from '../channels.ts'
import { isVeltrixError } from '../errors.ts'
import type { Log, LogRecord } from '../transport/index.ts'
import { noteOf } from './note.ts'
import type { PartitionWork } from './partition-work.ts'
import { identityOf, RecentIds, type Earlier, type Identity } from './recent-ids.ts'

export interface DuplicatesOptions {
  readonly log: Pick<Log, 'read'>
  readonly subscription: string
  readonly laneName: (lane: number) => string
  /** Ids remembered of each partition, at least. */
  readonly maxIds: number
  readonly trouble: (doing: string, error: Error) => void
}

const duplicateChannel = channelOf('veltrix:worker:duplicate')

/** Most that is read back of a partition, in bytes of records. */
const maxBackBytes = 1024 * 1024
/** Offsets of the first piece read back; each further one is four times as long. */
const firstPiece = 128

export class Duplicates {
  /** Since the worker started: records that were over because their event was read before. */
  dropped = 0
  /** Since the worker started: events that were handled although another one had the same id. */
  conflicts = 0
  private readonly options: DuplicatesOptions
  private readonly windows = new WeakMap<PartitionWork, RecentIds>()

  constructor(options: DuplicatesOptions) {
    this.options = options
  }

  /**
   * Whether the next record of the partition repeats an event that was read before it: nothing is left to do for it. One with the
   * same id and another type, key or payload is another event: it is told, and handled.
   */
  isRepeated(work: PartitionWork, record: LogRecord, key: string): boolean {
    // A fetch may deliver again what was taken in: that is the same record, not another one of its event.
    if (record.offset < work.position) return false
    const identity = identityOf(record)
    const earlier = identity && this.windowOf(work).take(identity)
    if (earlier === undefined) return false
    // It was told by whoever had the partition then.
    if (!work.wasDone(record.offset, key)) this.tell(work, record, key, earlier)
    return !earlier.conflict
  }

  /**
   * Reads back what lies just below the partition's position. Nothing of it may be taken in before. What cannot be read at all is told,
   * and does not stop the partition.
   * @throws the log's errors that trying again may mend
   */
  async prepare(work: PartitionWork, signal: AbortSignal): Promise<void> {
    try {
      const identities = await this.readBack(work, signal)
      const window = this.windowOf(work)
      for (const identity of identities) window.take(identity)
    } catch (error) {
      if (signal.aborted || !isVeltrixError(error) || error.retryable) throw error
      this.options.trouble('read back which events were stored before', error)
    }
  }

  private windowOf(work: PartitionWork): RecentIds {
    let window = this.windows.get(work)
    if (window === undefined) this.windows.set(work, (window = new RecentIds(this.options.maxIds)))
    return window
  }

  /** In offset order; from the back piece by piece, so that what is nearest comes first when there is more than is read. */
  private async readBack(work: PartitionWork, signal: AbortSignal): Promise<Identity[]> {
    const { position: end, takenFrom } = work
    const first = Math.max(takenFrom, end - this.options.maxIds)
    let found: Identity[] = []
    let leftBytes = maxBackBytes
    for (let to = end, length = firstPiece; to > first && leftBytes > 0; length *= 4) {
      const from = Math.max(first, to - length)
      const piece = await this.readPiece(work, from, to, leftBytes, signal)
      leftBytes -= piece.bytes
      found = [...piece.identities, ...found]
      to = from
    }
    return found
  }

  private async readPiece(
    { topic, partition }: PartitionWork,
    from: number,
    to: number,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<{ identities: Identity[]; bytes: number }> {
    const identities: Identity[] = []
    let bytes = 0
    for (let offset = from; offset < to && bytes < maxBytes;) {
      const wanted = { topic, partition, offset, maxBytes: maxBytes - bytes, maxWaitMs: 0, signal }
      const batch = await this.options.log.read(wanted)
      for (const record of batch.records) {
        bytes += record.bytes
        const identity = record.offset < to ? identityOf(record) : undefined
        if (identity) identities.push(identity)
      }
      batch.release?.()
      // Nothing is left below: it was removed, or is of no use to a reader.
      if (batch.nextOffset <= offset) break
      offset = batch.nextOffset
    }
    return { identities, bytes }
  }

  private tell(work: PartitionWork, record: LogRecord, key: string, { offset, conflict }: Earlier): void {
    if (conflict) this.conflicts++
    else this.dropped++
    if (!duplicateChannel.hasSubscribers) return
    const { subscription, laneName } = this.options
    const note = noteOf(subscription, laneName(work.lane), work, { offset: record.offset, queue: { key }, record })
    duplicateChannel.publish({ ...note, earlierOffset: offset, conflict })
  }
}
