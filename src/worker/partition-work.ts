/**
 * One assigned partition: what was fetched and is not done, key by key, and how far the group may commit.
 * Pure bookkeeping: no time, no I/O. The rules:
 * - one event of a key at a time, in offset order; other keys go on;
 * - the committed offset never passes an event that is not done; what is done above it is in the commit state;
 * - what cannot be described within the commit state's bytes is not started.
 * @module
 */
import type { AssignedPartition, LogRecord } from '../transport/index.ts'
import { decodeCommitState, encodeCommitState, type StoredProgress } from './commit-state.ts'
import { headOf, newKeyQueue, pushItem, queueLength, shiftItem, type Item, type KeyQueue } from './item.ts'
import type { Lease } from './lease.ts'
import { OpenKeys } from './open-keys.ts'
import { ReadyQueue } from './ready-queue.ts'
import { RecordMemory } from './record-memory.ts'
import { StagedRecords } from './staged-records.ts'
import { WorkWindow } from './work-window.ts'

export interface PartitionLimits {
  /** Records between the committed offset and the last fetched one. */
  readonly maxAheadRecords: number
  readonly maxMetadataBytes: number
}

/** Unused keys that may be kept, at least. */
const fewKeys = 1024

export class PartitionWork {
  readonly topic: string
  readonly partition: number
  readonly stream: string
  /** Index of its lane. */
  readonly lane: number
  /** Where the next fetch starts. */
  position: number
  /** Where it was seen to end, as far as is known. */
  end = 0
  /** Taken away: results are dropped and nothing starts. */
  gone = false
  /** Being handed back: nothing starts, results still count. */
  closing = false
  /** Everything below may be started: a stored commit says so. */
  reservedStored = 0
  /** Handlers running. */
  running = 0
  /** Dead letters and parked events on their way to the log. */
  keeping = 0
  readonly memory = new RecordMemory()
  /** What its handled events published, for the next commit. */
  readonly staged = new StagedRecords()
  /** Events that an earlier worker kept as dead letters and could not commit: over, whatever became of their letters since. */
  readonly keptBefore = new Set<number>()
  /** Letters that an earlier worker, which died, may have been running: by id, until they are run here. */
  readonly lettersBegun = new Set<string>()
  /** Changed since the last commit snapshot. */
  dirty = true
  /** A fetch for it is on its way. */
  fetching = false
  /** Its last fetch failed: it is fetched by itself until one succeeds. */
  fetchAlone = false
  /** It has been told since the last commit that its commit state holds it back. */
  heldBack = false

  /** Everything from here on was taken by this group. What lies below may have been skipped: the group began behind it, or was moved. */
  readonly takenFrom: number

  private readonly limits: PartitionLimits
  private readonly assigned: AssignedPartition
  private readonly stored: StoredProgress
  private readonly keys = new Map<string, KeyQueue>()
  /** How often one of them became unused since those were dropped. */
  private unused = 0
  private readonly ready = new ReadyQueue()
  private readonly window = new WorkWindow()
  private readonly openKeys = new OpenKeys()
  /** Every item below is started or behind a started one. */
  private high: number

  constructor(assigned: AssignedPartition, place: { stream: string; lane: number }, limits: PartitionLimits) {
    this.assigned = assigned
    this.topic = assigned.topic
    this.partition = assigned.partition
    this.stream = place.stream
    this.lane = place.lane
    this.limits = limits
    this.position = assigned.committedOffset
    this.high = assigned.committedOffset
    this.stored = decodeCommitState(assigned.committedOffset, assigned.metadata)
    this.takenFrom = Math.max(0, assigned.committedOffset - this.stored.takenBefore)
  }

  /** First offset that is not done. */
  get committable(): number {
    return this.window.first?.offset ?? this.position
  }

  get buffered(): number {
    return this.window.size
  }

  get hasReady(): boolean {
    return !this.gone && !this.closing && this.ready.size > 0
  }

  /**
   * Whether it has read as far as an earlier worker had. Before, its window does not show all that is open,
   * so nothing is started and nothing committed.
   */
  get recovered(): boolean {
    return this.position >= this.stored.high
  }

  /** Whether a commit has something to say of it; before it is recovered, what a letter published. */
  get commitsNext(): boolean {
    return this.dirty && !this.gone && (this.recovered || !this.staged.isEmpty)
  }

  /** Whether an earlier worker ended without handing over, so that what it had started is not known. */
  get afterCrash(): boolean {
    return !this.stored.clean
  }

  /** Whether an earlier worker, one that ended without handing over, may have started the event at `offset`. */
  mayHaveBegun(offset: number): boolean {
    return this.stored.isSuspect(offset)
  }

  /** Whether an earlier worker was done with the event at `offset`. */
  wasDone(offset: number, key: string): boolean {
    return this.stored.isDone(offset, key)
  }

  /** Whether nothing is left to do here for the event at `offset`, nor for any before it. */
  isPast(offset: number): boolean {
    return offset < this.committable
  }

  /** Why the next ready event may not start; undefined when it may. */
  get held(): 'metadata' | 'reservation' | 'staged' | undefined {
    const item = headOf(this.ready.peek()!)!
    if (item.letter) return undefined
    if (this.staged.isFull) return 'staged'
    if (!this.recovered || item.offset >= this.reservedStored) return 'reservation'
    if (item.offset < this.high) return undefined
    return this.openKeys.bytesWithOneMore > this.limits.maxMetadataBytes ? 'metadata' : undefined
  }

  /** Whether it may read on. Bytes behind waiting keys do not count: a failing key must not stop the others. */
  hasRoom(limitBytes: number): boolean {
    if (this.gone || this.closing) return false
    if (!this.recovered) return true
    const { bytes, waitingBytes } = this.memory
    return bytes - waitingBytes < limitBytes && this.position - this.committable < this.limits.maxAheadRecords
  }

  keyQueue(key: string): KeyQueue {
    let queue = this.keys.get(key)
    if (!queue) this.keys.set(key, (queue = newKeyQueue(key)))
    return queue
  }

  isParked(key: string): boolean {
    return this.keys.get(key)?.parked ?? false
  }

  queues(): Iterable<KeyQueue> {
    return this.keys.values()
  }

  /**
   * Takes a fetched record. Returns the item when its key is parked: the caller keeps it behind the dead letter.
   * Records seen before (a repeated delivery) and those the stored state calls done are passed over.
   * @param lease of the batch the record lies in, held until its event is done
   */
  admit(record: LogRecord, key: string, lease?: Lease): Item | undefined {
    if (record.offset < this.position) return undefined
    this.position = record.offset + 1
    if (this.stored.isDone(record.offset, key)) {
      // Nothing to track, but the committed offset may move past it. Below the stored `high`, so `recovered` guards ours.
      this.dirty = true
      this.high = Math.max(this.high, record.offset + 1)
      return undefined
    }
    const item = this.track(record, key, lease)
    // What was open for an earlier worker stays described, attempts and all, also while nothing of it is started here.
    if (record.offset < this.stored.high) this.high = Math.max(this.high, record.offset + 1)
    if (item.queue.parked) return item
    this.enqueue(item)
    return undefined
  }

  /** Records were passed over up to `offset` (gaps, foreign types). */
  skipTo(offset: number): void {
    if (offset <= this.position) return
    this.position = offset
    this.dirty = true
  }

  private track(record: LogRecord, key: string, lease: Lease | undefined): Item {
    const before = this.stored.attemptsAt(record.offset)
    lease?.hold()
    const item: Item = {
      offset: record.offset,
      queue: this.keyQueue(key),
      bytes: record.bytes,
      record,
      done: false,
      attempts: before?.attempts ?? 0,
      firstAttemptAt: before?.firstAttemptAt ?? 0,
      lastAttemptAt: before?.lastAttemptAt ?? 0,
      suspect: this.stored.isSuspect(record.offset),
      lease,
    }
    this.window.add(item)
    this.memory.add(item)
    return item
  }

  /** Adds a live item or a letter to its key's queue. */
  enqueue(item: Item): void {
    const queue = item.queue
    pushItem(queue, item)
    if (queue.state === 'waiting') this.memory.hold(queue, item)
    if (queue.state !== 'idle') return
    queue.state = 'ready'
    this.openKeys.setOpen(queue, !item.letter && item.offset < this.high)
    this.openKeys.setFailing(queue, !item.letter && item.attempts > 0)
    if (item.letter) this.ready.pushBack(queue)
    else this.ready.pushFresh(queue)
  }

  /** Takes the next ready event: its key is busy from now on. */
  take(): Item {
    const queue = this.ready.pop()!
    const item = headOf(queue)!
    queue.state = 'busy'
    if (item.letter) return item
    if (item.offset >= this.high) this.high = item.offset + 1
    this.openKeys.setOpen(queue, true)
    this.openKeys.setFailing(queue, item.attempts > 0)
    this.dirty = true
    return item
  }

  /** A taken event goes back untouched: it could not be started after all. */
  putBack(item: Item): void {
    item.queue.state = 'ready'
    this.ready.pushBack(item.queue)
  }

  /** The head of a key is done; the next one may start. */
  complete(item: Item): void {
    const queue = item.queue
    this.finish(item)
    shiftItem(queue)
    this.settle(queue)
  }

  /** A failed head waits for its next attempt; `resume` ends the wait. */
  wait(item: Item): void {
    const queue = item.queue
    queue.state = 'waiting'
    if (!item.letter) this.openKeys.setFailing(queue, item.attempts > 0)
    for (let i = queue.head; i < queue.items.length; i++) this.memory.hold(queue, queue.items[i]!)
    this.dirty = true
  }

  resume(queue: KeyQueue): void {
    if (this.gone || queue.state !== 'waiting') return
    this.memory.release(queue)
    queue.state = 'ready'
    this.ready.pushBack(queue)
  }

  /**
   * Marks an item done. For parked items, which are no heads, this is all: `high` stays, for they are found in the dead topic
   * again should a restart read them once more.
   */
  finish(item: Item): void {
    item.done = true
    this.dirty = true
    this.memory.free(item)
    if (!item.letter) this.window.advance()
  }

  /** Empties a key's queue for parking: returns what waited in it, oldest first, and leaves the key idle and parked. */
  parkKey(queue: KeyQueue): Item[] {
    const items = queue.items.slice(queue.head)
    queue.items = []
    queue.head = 0
    queue.parked = true
    queue.state = 'idle'
    this.memory.release(queue)
    this.openKeys.leave(queue)
    return items
  }

  /** A key that needs no memory any more may be dropped. */
  forget(queue: KeyQueue): void {
    if (!isUnused(queue)) return
    this.openKeys.leave(queue)
    // Many at once: most keys come again, and a map that is changed for every event leaves much garbage.
    if (++this.unused < Math.max(fewKeys, this.keys.size)) return
    this.unused = 0
    for (const each of this.keys.values()) if (isUnused(each)) this.keys.delete(each.key)
  }

  private settle(queue: KeyQueue): void {
    const next = headOf(queue)
    this.openKeys.setFailing(queue, (next?.attempts ?? 0) > 0 && !next?.letter)
    if (!next) {
      queue.state = 'idle'
      this.openKeys.setOpen(queue, false)
      this.forget(queue)
      return
    }
    this.openKeys.setOpen(queue, !next.letter && next.offset < this.high)
    queue.state = 'ready'
    this.ready.pushBack(queue)
  }

  /** What to commit now; before it is `recovered`, what was stored before. `reserved`: to be noted in `reservedStored` once it is stored. */
  snapshot(): { readonly offset: number; readonly metadata: Uint8Array; readonly reserved: number } {
    const { committedOffset, metadata } = this.assigned
    if (!this.recovered) return { offset: committedOffset, metadata, reserved: 0 }
    const offset = this.committable
    const { clean, reserved } = this.reservation(offset)
    const takenBefore = offset - this.takenFrom
    const open = this.window.openBelow(this.high)
    const state = { clean, reserved, high: Math.max(this.high, offset), takenBefore, open }
    this.dirty = false
    this.heldBack = false
    return { offset, metadata: encodeCommitState(offset, state, this.limits.maxMetadataBytes), reserved }
  }

  private reservation(offset: number): { readonly clean: boolean; readonly reserved: number } {
    const idle = this.closing && this.running === 0 && this.keeping === 0
    // Twice the window: the next commits renew it long before it is used up.
    if (!idle)
      return { clean: false, reserved: Math.max(this.reservedStored, offset + 2 * this.limits.maxAheadRecords) }
    // What an earlier worker may have had in its hands when it died is not known better for having passed through ours.
    if (this.afterCrash && offset < this.stored.reserved) return { clean: false, reserved: this.stored.reserved }
    return { clean: true, reserved: offset }
  }
}

function isUnused(queue: KeyQueue): boolean {
  return queue.state === 'idle' && !queue.parked && queue.parking === 0 && !queue.loading && queueLength(queue) === 0
}
