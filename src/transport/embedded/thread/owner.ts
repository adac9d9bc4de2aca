/**
 * The one writer of a log directory: takes requests of all sessions, stores them in group commits, answers.
 * @module
 */
import type { Clock, Timer } from '../../../clock.ts'
import { isVeltrixError } from '../../../errors.ts'
import type { CompiledOptions } from '../options.ts'
import type { AppendedEnd, Ask, EntryOutcome, PackedEntry, Request } from '../protocol.ts'
import { toWire } from '../wire-errors.ts'
import type { StoredRow } from './appender.ts'
import { GroupService } from './group-service.ts'
import { partitionKey } from './member.ts'
import type { Session } from './session.ts'
import { stagedTopic } from './staged-commits.ts'
import type { Store } from './store.ts'

/** One transaction takes about this much; what is queued beyond goes into the next. */
const transactionBytes = 8 * 1024 * 1024
const tickMs = 200
const retentionEveryMs = 30_000

interface Queued<Name extends 'append' | 'commit'> {
  readonly session: Session
  readonly id: number
  readonly ask: Ask<Name>
}

export class Owner {
  readonly #store: Store
  readonly #groups: GroupService
  readonly #clock: Clock
  readonly #sessions = new Set<Session>()
  readonly #broke: (error: unknown) => void
  #appends: Queued<'append'>[] = []
  #commits: Queued<'commit'>[] = []
  #flushing = false
  #stopped = false
  readonly #timers = new Set<Timer>()

  /** @param broke called when the disk failed in a way after which the files must be opened anew */
  constructor(store: Store, options: CompiledOptions, clock: Clock, broke: (error: unknown) => void) {
    this.#store = store
    this.#clock = clock
    this.#broke = broke
    this.#groups = new GroupService(store.catalog, store.positions, clock, options.rebalanceTimeoutMs)
    this.#every(tickMs, () => this.#groups.tick())
    this.#every(retentionEveryMs, () => void this.#retain(clock.now()).catch(() => {}))
  }

  open(session: Session): void {
    this.#sessions.add(session)
  }

  /** The session is gone: its members leave. */
  close(session: Session): void {
    this.#sessions.delete(session)
    if (!this.#stopped) for (const consumer of [...session.members.keys()]) this.#groups.leave(session, consumer)
  }

  handle(session: Session, request: Request): void {
    this.#groups.heard(session)
    if (request.op === 'append') this.#appends.push({ session, ...request })
    else if (request.op === 'commit') this.#commits.push({ session, ...request })
    else return void this.#answer(session, request)
    if (this.#flushing) return
    this.#flushing = true
    // Everything that has arrived by the time the event loop comes round goes into the same transaction.
    void this.#clock.yield().then(() => this.#flush())
  }

  /** Stores what is queued and stops. */
  stop(): void {
    if (this.#stopped) return
    this.flushNow()
    this.#stopped = true
    for (const timer of this.#timers) timer.cancel()
    this.#store.close()
  }

  /** Stores what is queued, in as many transactions as it takes. */
  flushNow(): void {
    while (!this.#stopped && this.#appends.length + this.#commits.length > 0) this.#flushOnce()
  }

  #flush(): void {
    this.#flushing = false
    if (this.#stopped) return
    this.#flushOnce()
    if (this.#appends.length + this.#commits.length === 0 || this.#flushing) return
    this.#flushing = true
    void this.#clock.yield().then(() => this.#flush())
  }

  #flushOnce(): void {
    const commits = this.#commits
    this.#commits = []
    if (commits.length > 0) this.#commit(commits)
    const appends = this.#takeAppends()
    if (appends.length > 0) this.#append(appends)
  }

  #takeAppends(): Queued<'append'>[] {
    let bytes = 0
    let count = 0
    while (count < this.#appends.length && bytes < transactionBytes) {
      for (const entry of this.#appends[count]!.ask.entries) bytes += entry.bytes.length
      count++
    }
    return this.#appends.splice(0, count)
  }

  #append(requests: readonly Queued<'append'>[]): void {
    const entries = requests.flatMap((request) => request.ask.entries)
    let outcomes: readonly EntryOutcome[]
    let rows: readonly StoredRow[] = []
    try {
      ;({ outcomes, rows } = this.#store.append(entries, this.#clock.now()))
    } catch (error) {
      if (isVeltrixError(error) && error.code !== 'VLX_LOG_UNAVAILABLE') {
        // Rolled back: surely not stored.
        outcomes = entries.map(() => ({ error: toWire(error) }))
      } else {
        for (const { session, id } of requests) session.send({ id, error: toWire(error) })
        this.#broke(error)
        return
      }
    }
    let first = 0
    for (const { session, id, ask } of requests) {
      session.send({ id, answer: outcomes.slice(first, (first += ask.entries.length)) })
    }
    if (rows.length > 0) this.#tell(rows)
    // Given back at once: this thread makes too little garbage for its collector to come by in time.
    for (const { bytes } of entries) free(bytes)
  }

  /** Tells those who follow these partitions. The bytes go (not copied) to the session beside us when it wants them. */
  #tell(rows: readonly StoredRow[]): void {
    for (const session of this.#sessions) {
      const ends: AppendedEnd[] = []
      const transfer: ArrayBuffer[] = []
      for (const row of rows) {
        const { topic, partition } = row.state
        if (!session.watched.has(topic)) continue
        const end = row.base + row.count
        // Gone to another session already: this one reads them.
        const gone = row.bytes.byteLength === 0
        if (gone || !session.tails.has(partitionKey(row.state))) ends.push({ topic, partition, end })
        else
          ends.push({ topic, partition, end, base: row.base, count: row.count, bytes: detached(row.bytes, transfer) })
      }
      if (ends.length > 0) session.send({ push: 'ends', ends }, transfer)
    }
  }

  /** In the order made; those without records that follow each other go together. */
  #commit(requests: readonly Queued<'commit'>[]): void {
    let plain: Queued<'commit'>[] = []
    for (const request of requests) {
      if (request.ask.entries === undefined) {
        plain.push(request)
        continue
      }
      this.#commitPlain(plain)
      plain = []
      if (!this.#stopped) this.#commitStaged(request, request.ask.entries)
    }
    if (!this.#stopped) this.#commitPlain(plain)
  }

  #commitStaged({ session, id, ask }: Queued<'commit'>, entries: readonly PackedEntry[]): void {
    try {
      const rows = this.#store.staged.commit(this.#groups.admit(session, ask), entries, this.#clock.now())
      session.send({ id, answer: undefined })
      this.#tell(rows)
    } catch (error) {
      const isUnknown = !isVeltrixError(error) || error.code === 'VLX_LOG_UNAVAILABLE'
      // Stored or not, who asked must not hold its partitions any more: when the files are opened anew, nobody does.
      session.send({ id, error: toWire(error) })
      if (isUnknown) this.#broke(error)
    }
    for (const { bytes } of entries) free(bytes)
  }

  #commitPlain(requests: readonly Queued<'commit'>[]): void {
    if (requests.length === 0) return
    const admitted: { request: Queued<'commit'>; positions: ReturnType<GroupService['admit']> }[] = []
    for (const request of requests) {
      try {
        admitted.push({ request, positions: this.#groups.admit(request.session, request.ask) })
      } catch (error) {
        request.session.send({ id: request.id, error: toWire(error) })
      }
    }
    let failure: unknown
    try {
      if (admitted.length > 0) this.#store.positions.save(admitted.flatMap(({ positions }) => positions))
    } catch (error) {
      failure = error
    }
    for (const { request } of admitted) {
      const { session, id } = request
      session.send(failure === undefined ? { id, answer: undefined } : { id, error: toWire(failure) })
    }
  }

  async #answer(session: Session, request: Request): Promise<void> {
    const { id } = request
    try {
      // What was asked before is stored before: a commit comes before the release of its partition.
      this.flushNow()
      session.send({ id, answer: await this.#do(session, request) })
    } catch (error) {
      session.send({ id, error: toWire(error) })
    }
  }

  #do(session: Session, request: Request): unknown {
    const store = this.#store
    switch (request.op) {
      case 'watch':
        return this.#watch(session, request.ask)
      case 'tail':
        return void session.tails[request.ask.on ? 'add' : 'delete'](partitionKey(request.ask))
      case 'join':
        return this.#groups.join(session, request.ask)
      case 'leave':
        return this.#groups.leave(session, request.ask.consumer)
      case 'released':
        return this.#groups.released(session, request.ask.consumer, request.ask.partitions)
      case 'createTopics':
        store.createTopics(request.ask.topics)
        return this.#groups.topicsChanged()
      case 'deleteTopic':
        store.deleteTopic(request.ask.name)
        return this.#groups.topicsChanged()
      case 'topics':
        return [...store.catalog.topics.values()]
          .filter(({ name }) => name !== stagedTopic)
          .map(({ name, partitions, retentionMs, retentionBytes }) => ({
            name,
            partitions,
            retentionMs,
            retentionBytes,
          }))
      case 'offsets':
        return request.ask.topics.flatMap((topic) =>
          store.catalog
            .partitionsOf(topic)
            .map(({ partition, earliest, end }) => ({ topic, partition, earliest, end })),
        )
      case 'groups':
        return this.#groups.describe(request.ask.names)
      case 'retain':
        return this.#retain(request.ask.now)
      default:
        return undefined
    }
  }

  #watch(session: Session, { topics }: Ask<'watch'>): AppendedEnd[] {
    for (const topic of topics) session.watched.add(topic)
    const { catalog } = this.#store
    return topics
      .filter((topic) => catalog.topics.has(topic))
      .flatMap((topic) => catalog.partitionsOf(topic).map(({ partition, end }) => ({ topic, partition, end })))
  }

  async #retain(now: number): Promise<void> {
    while (!this.#stopped && this.#store.retain(now)) await this.#clock.yield()
  }

  #every(delayMs: number, work: () => void): void {
    const timer = this.#clock.setTimer(delayMs, () => {
      this.#timers.delete(timer)
      if (this.#stopped) return
      work()
      this.#every(delayMs, work)
    })
    this.#timers.add(timer)
  }
}

/** Frees the memory behind `bytes`, unless it was transferred or is shared with other messages of a socket. */
function free(bytes: Uint8Array): void {
  if (bytes.byteLength > 0 && bytes.byteLength === bytes.buffer.byteLength) (bytes.buffer as ArrayBuffer).transfer(0)
}

/** `bytes` ready for transfer: as they are when nothing else lies in their buffer, else copied. */
function detached(bytes: Uint8Array, transfer: ArrayBuffer[]): Uint8Array {
  const own = bytes.byteLength === bytes.buffer.byteLength && !transfer.includes(bytes.buffer as ArrayBuffer)
  const free = own ? new Uint8Array(bytes.buffer) : new Uint8Array(bytes)
  transfer.push(free.buffer as ArrayBuffer)
  return free
}
