import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../../src/transport/index.ts'
import type { Item } from '../../src/worker/item.ts'
import { PartitionWork } from '../../src/worker/partition-work.ts'

const limits = { maxAheadRecords: 1_000, maxMetadataBytes: 65_536 }
const place = { stream: 's', lane: 0 }

function record(offset: number): LogRecord {
  const headers = { get: () => undefined, text: () => undefined, [Symbol.iterator]: () => [][Symbol.iterator]() }
  return { offset, timestamp: 0, key: new Uint8Array(), value: new Uint8Array(10), headers, bytes: 10 }
}

function work(committedOffset = 0, metadata: Uint8Array = new Uint8Array()): PartitionWork {
  const made = new PartitionWork({ topic: 't', partition: 0, committedOffset, metadata }, place, limits)
  made.reservedStored = 1e9
  return made
}

function takeAll(from: PartitionWork): Item[] {
  const taken: Item[] = []
  while (from.hasReady && from.held === undefined) taken.push(from.take())
  return taken
}

describe('PartitionWork', () => {
  it('hands out one event of a key at a time, lowest offset first', () => {
    const subject = work()
    ;['a', 'b', 'a', 'c'].forEach((key, offset) => subject.admit(record(offset), key))
    const first = takeAll(subject)
    expect(first.map(({ offset }) => offset)).toEqual([0, 1, 3])
    subject.complete(first[0]!)
    expect(takeAll(subject).map(({ offset }) => offset)).toEqual([2])
    expect(subject.committable).toBe(1)
  })

  it('passes over what it has seen before', () => {
    const subject = work()
    for (const offset of [0, 1, 0, 1, 2]) subject.admit(record(offset), `k${offset}`)
    expect(takeAll(subject)).toHaveLength(3)
  })

  it('a waiting key holds back only itself, and not the reading', () => {
    const subject = work()
    subject.admit(record(0), 'bad')
    const [bad] = takeAll(subject)
    bad!.attempts = 1
    subject.wait(bad!)
    for (let offset = 1; offset <= 500; offset++) subject.admit(record(offset), offset % 2 ? 'bad' : `k${offset}`)
    for (const item of takeAll(subject)) subject.complete(item)
    expect(subject.committable).toBe(0)
    expect(subject.hasRoom(1)).toBe(true)
    subject.resume(bad!.queue)
    for (let i = 0; i < 251; i++) for (const item of takeAll(subject)) subject.complete(item)
    expect(subject.committable).toBe(501)
    expect(subject.memory.bytes).toBe(0)
    expect(subject.memory.waitingBytes).toBe(0)
  })

  it('stops reading at the limit ahead of the committed offset', () => {
    const subject = work()
    subject.admit(record(0), 'slow')
    takeAll(subject)
    for (let offset = 1; offset < 1_000; offset++) subject.admit(record(offset), `k${offset}`)
    for (const item of takeAll(subject)) subject.complete(item)
    expect(subject.hasRoom(Infinity)).toBe(false)
  })

  it('starts nothing its commit state could not describe, and says why', () => {
    const subject = new PartitionWork(
      { topic: 't', partition: 0, committedOffset: 0, metadata: new Uint8Array() },
      place,
      { maxAheadRecords: 1_000, maxMetadataBytes: 200 },
    )
    subject.reservedStored = 1e9
    for (let offset = 0; offset < 500; offset++) subject.admit(record(offset), `k${offset}`)
    const taken = takeAll(subject)
    expect(taken.length).toBeGreaterThan(5)
    expect(taken.length).toBeLessThan(20)
    expect(subject.held).toBe('metadata')
    subject.complete(taken[0]!)
    expect(subject.held).toBeUndefined()
  })

  it('starts nothing before the reservation is stored', () => {
    const subject = work()
    subject.reservedStored = 0
    subject.admit(record(0), 'a')
    expect(subject.held).toBe('reservation')
    subject.reservedStored = subject.snapshot().reserved
    expect(subject.held).toBeUndefined()
  })

  it('hands on what an earlier worker may have started when it died, until that is behind', () => {
    const died = work().snapshot()
    const between = work(died.offset, died.metadata)
    ;['a', 'b'].forEach((key, offset) => between.admit(record(offset), key))
    const [first, second] = takeAll(between)
    between.complete(first!)
    between.putBack(second!)
    between.closing = true
    const given = between.snapshot()
    const next = work(given.offset, given.metadata)
    expect(next.afterCrash).toBe(true)
    expect(next.mayHaveBegun(1)).toBe(true)
    expect(next.mayHaveBegun(died.reserved)).toBe(false)
    next.skipTo(died.reserved)
    next.closing = true
    const later = next.snapshot()
    expect(work(later.offset, later.metadata).afterCrash).toBe(false)
  })

  /** Drives a partition with random completions, failures and restarts from its own snapshots; compares with what really happened. */
  it('after any restart repeats only what was not done at the snapshot, skips nothing, keeps order and attempts', () => {
    const steps = fc.array(fc.record({ what: fc.integer({ min: 0, max: 99 }), pick: fc.nat() }), {
      minLength: 20,
      maxLength: 250,
    })
    fc.assert(
      fc.property(steps, fc.array(fc.nat(8), { minLength: 60, maxLength: 60 }), (script, keys) => {
        const model = new Model(keys)
        for (const { what, pick } of script) model.step(what, pick)
        model.finish()
      }),
      { numRuns: 300 },
    )
  })
})

class Model {
  private readonly keys: readonly number[]
  private subject = work()
  private running: Item[] = []
  private waiting: Item[] = []
  private stored = {
    offset: 0,
    metadata: new Uint8Array() as Uint8Array,
    done: new Set<number>(),
    attempts: new Map<number, number>(),
  }
  private readonly done = new Set<number>()
  private readonly attempts = new Map<number, number>()

  constructor(keys: readonly number[]) {
    this.keys = keys
  }

  step(what: number, pick: number): void {
    if (what < 30) this.read(1 + (pick % 8))
    else if (what < 60) this.start()
    else if (what < 78) this.complete(pick)
    else if (what < 86) this.fail(pick)
    else if (what < 92) this.resume(pick)
    else if (what < 97) this.snapshot()
    else this.restart()
    expect(this.subject.committable).toBeLessThanOrEqual(this.firstOpen())
  }

  finish(): void {
    for (let round = 0; round < 1_000 && this.firstOpen() < this.keys.length; round++) {
      this.read(100)
      this.start()
      this.resume(0)
      this.complete(0)
    }
    expect(this.subject.committable).toBe(this.keys.length)
    expect(this.subject.memory.bytes).toBe(0)
  }

  private firstOpen(): number {
    for (let offset = 0; offset < this.keys.length; offset++) if (!this.done.has(offset)) return offset
    return this.keys.length
  }

  private read(count: number): void {
    for (let i = 0; i < count && this.subject.position < this.keys.length; i++) {
      const offset = this.subject.position
      this.subject.admit(record(offset), String(this.keys[offset]))
    }
  }

  private start(): void {
    while (this.subject.hasReady && this.subject.held === undefined) {
      const item = this.subject.take()
      const key = this.keys[item.offset]
      expect(this.running.every((other) => this.keys[other.offset] !== key)).toBe(true)
      expect(this.stored.done.has(item.offset)).toBe(false)
      for (let before = 0; before < item.offset; before++)
        if (this.keys[before] === key) expect(this.done.has(before)).toBe(true)
      expect(item.attempts).toBe(this.attempts.get(item.offset) ?? 0)
      this.running.push(item)
    }
  }

  private complete(pick: number): void {
    const [item] = this.running.splice(pick % Math.max(1, this.running.length), 1)
    if (!item) return
    this.subject.complete(item)
    this.done.add(item.offset)
  }

  private fail(pick: number): void {
    const [item] = this.running.splice(pick % Math.max(1, this.running.length), 1)
    if (!item) return
    item.attempts++
    item.firstAttemptAt = 1
    item.lastAttemptAt = 1
    this.attempts.set(item.offset, item.attempts)
    this.subject.wait(item)
    this.waiting.push(item)
  }

  private resume(pick: number): void {
    const [item] = this.waiting.splice(pick % Math.max(1, this.waiting.length), 1)
    if (item) this.subject.resume(item.queue)
  }

  private snapshot(): void {
    if (!this.subject.recovered) return
    const { offset, metadata } = this.subject.snapshot()
    for (let below = 0; below < offset; below++) expect(this.done.has(below)).toBe(true)
    this.stored = { offset, metadata, done: new Set(this.done), attempts: new Map(this.attempts) }
  }

  private restart(): void {
    this.subject = work(this.stored.offset, this.stored.metadata)
    this.running = []
    this.waiting = []
    // What was done after the snapshot is not known any more: it may run again. Attempts fall back likewise.
    this.done.clear()
    for (const offset of this.stored.done) this.done.add(offset)
    this.attempts.clear()
    for (const [offset, count] of this.stored.attempts) if (!this.done.has(offset)) this.attempts.set(offset, count)
  }
}
