/**
 * One record in the worker's hands, and the queue of its key.
 * @module
 */
import type { IndexedLetter } from '../deadletter/index.ts'
import type { LogRecord } from '../transport/index.ts'
import type { Lease } from './lease.ts'

/**
 * An event between fetch and done. Live items come from the fetched partition and are tracked by its window;
 * an item with a `letter` is a dead (or parked) letter being run again, and is not.
 */
export interface Item {
  readonly offset: number
  readonly queue: KeyQueue
  readonly bytes: number
  /** Released when done, so that its batch can be freed. */
  record: LogRecord | undefined
  done: boolean
  /** Attempts counted so far. */
  attempts: number
  firstAttemptAt: number
  lastAttemptAt: number
  /** It may have been running when an earlier worker died: attempts are stored before they start. */
  suspect: boolean
  readonly letter?: IndexedLetter
  /** Its record has been copied out of its batch. */
  held?: boolean
  /** Of the batch its record lies in. */
  lease?: Lease
}

/**
 * Events of one key in one partition, in order. At most one is running; the queue is in exactly one state.
 * - idle: nothing to do; - ready: its head may start; - busy: its head is running, or being kept as a dead letter;
 * - waiting: its head waits for its next attempt.
 */
export interface KeyQueue {
  readonly key: string
  /** First `head` entries are gone; compacted now and then. */
  items: Item[]
  head: number
  state: 'idle' | 'ready' | 'busy' | 'waiting'
  /** A dead letter of this key is unresolved and its followers must wait behind it: live events are parked. */
  parked: boolean
  /** Parking appends on their way to the log, and how many there ever were. */
  parking: number
  everParked: number
  /** First offset of each parking append on its way. */
  parkingFrom: Set<number> | undefined
  /** What happens next with the parked key is being decided; `reviewAgain`: something changed meanwhile. */
  reviewing: boolean
  reviewAgain: boolean
  /** The record of one of its letters is being read, to run it again; `passedOver`: another one was asked for meanwhile. */
  loading: boolean
  passedOver: boolean
  /** It counts in the partition's bounded commit state: its head lies below `high`. */
  open: boolean
  /** Its head carries attempts in the commit state. */
  failing: boolean
  /** Bytes counted as waiting. */
  waitingBytes: number
}

export function newKeyQueue(key: string): KeyQueue {
  return {
    key,
    items: [],
    head: 0,
    state: 'idle',
    parked: false,
    parking: 0,
    everParked: 0,
    parkingFrom: undefined,
    reviewing: false,
    reviewAgain: false,
    loading: false,
    passedOver: false,
    open: false,
    failing: false,
    waitingBytes: 0,
  }
}

export function headOf(queue: KeyQueue): Item | undefined {
  return queue.items[queue.head]
}

export function queueLength(queue: KeyQueue): number {
  return queue.items.length - queue.head
}

export function pushItem(queue: KeyQueue, item: Item): void {
  if (queueLength(queue) > 0) queue.items.push(item)
  else {
    // Mostly it is the only one: a list of just its length.
    queue.items = [item]
    queue.head = 0
  }
}

export function shiftItem(queue: KeyQueue): void {
  letGo(queue.items, queue.head++)
  if (queue.head >= 64 && queue.head * 2 >= queue.items.length) {
    queue.items.splice(0, queue.head)
    queue.head = 0
  }
}

/**
 * Empties a place that will not be looked at again. Lists live long enough to be garbage that is collected late, and would keep
 * everything alive that was ever in them until then: the collector's short pauses become long ones.
 */
export function letGo(list: unknown[], at: number): void {
  list[at] = undefined
}

/** The record is not used any more, or lies elsewhere. */
export function leaveBatch(item: Item): void {
  item.lease?.giveBack()
  item.lease = undefined
}

/** A record that no longer shares memory with the batch it came in. Held records would keep whole batches alive. */
export function detached(record: LogRecord): LogRecord {
  const headers = [...record.headers].map(([name, value]) => [name, value.slice()] as const)
  return {
    offset: record.offset,
    timestamp: record.timestamp,
    bytes: record.bytes,
    key: record.key?.slice() ?? null,
    value: record.value?.slice() ?? null,
    headers: {
      get: (name) => headers.findLast((header) => header[0] === name)?.[1],
      text(name) {
        const value = this.get(name)
        return value && Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8')
      },
      [Symbol.iterator]: () => headers[Symbol.iterator](),
    },
  }
}
