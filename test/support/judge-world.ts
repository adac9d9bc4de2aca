/**
 * What the judge knows at a moment of a history: events, who owns what, what is done, what is kept. Built from recorded facts only.
 * @module
 */
import { auditActionHeader, deadHeaders } from '../../src/deadletter/index.ts'
import { decodeCommitState, type StoredProgress } from '../../src/worker/commit-state.ts'
import type { LogRecord } from '../../src/transport/index.ts'
import type { HistoryEntry, Outcome } from './history.ts'
import { outputName, outputOf, outputTopic } from './judge-outputs.ts'

export interface SubscriptionFacts {
  readonly name: string
  readonly group: string
  readonly topics: readonly string[]
  readonly types: ReadonlySet<string>
  readonly attempts: number
  readonly policy: 'continue' | 'park-key'
  readonly deadTopic: string
  readonly auditTopic: string
  /** Failures may belong to an outage: they are not counted then. */
  readonly breaker: boolean
  /** An event that was stored again within so many records of its partition is handled once; undefined: the log sees to it. */
  readonly dedupeIds: number | undefined
  /** What its handlers publish is stored with the commit. */
  readonly exactlyOnce: boolean
}

export interface Start {
  readonly run: number
  readonly client: string
  readonly attempt: number
  readonly epoch: number
  outcome: Outcome | 'running'
}

export interface KeptLetter {
  readonly generation: string
  kind: string
  readonly reason: string
  readonly attempts: number
  readonly deadOffset: number
  /** Kept by who owned the partition then. */
  readonly live: boolean
  requested: boolean
  resolved: boolean
  /** It ran to its end, and nobody asked for it again. */
  ran: boolean
}

/** One event of one subscription. */
export interface Row {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly record: LogRecord
  readonly taken: boolean
  /** The event was stored before, at this offset: `must` not be handled again, or (too far back to be remembered for certain) may be. */
  readonly repeats: { readonly offset: number; readonly must: boolean } | undefined
  /** By an owner, while it was one. */
  handled: boolean
  handledInEpoch: number
  letter: KeptLetter | undefined
  readonly generations: Set<string>
  /** A stored commit says that it is done. */
  claimed: boolean
  /** Attempts begun by owners, redrives excluded. */
  readonly starts: Start[]
  /** What was published for it and is stored, and how much of it by which run. */
  readonly outputs: Set<string>
  readonly outputRuns: Map<number, number>
}

export class PartitionWorld {
  readonly rows: Row[] = []
  readonly byKey = new Map<string, Row[]>()
  /** The last stored under each id. */
  readonly byId = new Map<string, Row>()
  owner: string | undefined
  /** Counts changes of ownership. */
  epoch = 0
  position = 0
  /** What the last commit said, and what it said when the present owner came. */
  stored: StoredProgress | undefined
  inherited: StoredProgress | undefined
  /** Calls by the present owner. `at`: when it began; `start`: absent for a letter that is run again. */
  readonly running = new Map<number, { row: Row; at: number; start: Start | undefined }>()
}

export class SubscriptionWorld {
  readonly facts: SubscriptionFacts
  readonly partitions = new Map<string, PartitionWorld>()
  readonly effects = new Set<string>()
  constructor(facts: SubscriptionFacts) {
    this.facts = facts
  }

  partition(topic: string, partition: number): PartitionWorld {
    const name = `${topic}/${partition}`
    let found = this.partitions.get(name)
    if (!found) this.partitions.set(name, (found = new PartitionWorld()))
    return found
  }

  row(topic: string, partition: number, offset: number): Row | undefined {
    return this.partitions.get(`${topic}/${partition}`)?.rows[offset]
  }

  /** Nothing more will happen to it unless somebody asks: commits may pass it. */
  isDone(row: Row): boolean {
    return !row.taken || row.handled || row.letter !== undefined || row.repeats !== undefined
  }

  /** Followers of its key may run. */
  isPassed(row: Row): boolean {
    if (!row.taken) return true
    if (this.facts.policy === 'continue' || !row.letter) return this.isDone(row)
    return row.letter.resolved || (row.handled && !row.letter.live)
  }
}

export class World {
  readonly subscriptions: ReadonlyMap<string, SubscriptionWorld>
  readonly crashed = new Set<string>()
  readonly #byGroup: ReadonlyMap<string, SubscriptionWorld>
  readonly #runs = new Map<number, { sub: SubscriptionWorld; world: PartitionWorld }>()

  constructor(facts: readonly SubscriptionFacts[]) {
    const worlds = facts.map((each) => new SubscriptionWorld(each))
    this.subscriptions = new Map(worlds.map((world) => [world.facts.name, world]))
    this.#byGroup = new Map(worlds.map((world) => [world.facts.group, world]))
  }

  ofGroup(group: string): SubscriptionWorld | undefined {
    return this.#byGroup.get(group)
  }

  /** The running call `run`, when it is one by a living owner. */
  runOf(run: number): { sub: SubscriptionWorld; world: PartitionWorld } | undefined {
    return this.#runs.get(run)
  }

  isLive(world: PartitionWorld, client: string): boolean {
    return world.owner === client && !this.crashed.has(client)
  }

  /** Takes in what happened. */
  apply(entry: HistoryEntry): void {
    if (entry.kind === 'append') this.#append(entry)
    else if (entry.kind === 'owner') this.#owner(entry)
    else if (entry.kind === 'commit') this.#commit(entry)
    else if (entry.kind === 'start') this.#start(entry)
    else if (entry.kind === 'end') this.#end(entry)
    else if (entry.kind === 'effect') this.subscriptions.get(entry.subscription)?.effects.add(entry.id)
    else if (entry.kind === 'crash') {
      this.crashed.add(entry.client)
      for (const sub of this.subscriptions.values()) {
        for (const world of sub.partitions.values()) if (world.owner === entry.client) this.#forgetRuns(world)
      }
    }
  }

  #append({ topic, partition, record, client }: Extract<HistoryEntry, { kind: 'append' }>): void {
    if (topic === outputTopic) return this.#output(record)
    for (const sub of this.subscriptions.values()) {
      if (topic === sub.facts.deadTopic) this.#keep(sub, record, client)
      else if (topic === sub.facts.auditTopic) this.#audit(sub, record, client)
      else if (sub.facts.topics.includes(topic)) addRow(sub, topic, partition, record)
    }
  }

  #output(record: LogRecord): void {
    const output = outputOf(record)
    const row = this.subscriptions.get(output.subscription)!.row(output.topic, output.partition, output.offset)!
    row.outputs.add(outputName(row, output))
    row.outputRuns.set(output.run, output.nth)
  }

  #keep(sub: SubscriptionWorld, record: LogRecord, client: string): void {
    const origin = originOf(record)
    const row = sub.row(origin.topic, origin.partition, origin.offset)
    if (!row) return
    const text = (name: string): string => record.headers.text(name) ?? ''
    // One failure told twice is one; what never ran is told apart by when it was kept.
    const first = Date.parse(text(deadHeaders.firstAttemptAt))
    const generation = `${text(deadHeaders.kind)} ${first === 0 ? text(deadHeaders.at) : first}`
    if (row.generations.has(generation)) return
    row.generations.add(generation)
    row.letter = {
      generation,
      kind: text(deadHeaders.kind),
      reason: text(deadHeaders.reason),
      attempts: Number(text(deadHeaders.attempts)),
      deadOffset: record.offset,
      live: this.isLive(sub.partition(origin.topic, origin.partition), client),
      requested: false,
      resolved: false,
      ran: false,
    }
  }

  #audit(sub: SubscriptionWorld, record: LogRecord, client: string): void {
    const action = record.headers.text(auditActionHeader)
    const { letters, seen } = JSON.parse(Buffer.from(record.value!).toString()) as { letters: string[]; seen: number }
    for (const id of letters) {
      const [, topic, partition, offset] = /^(.*)\/(\d+)\/(\d+)$/.exec(id)!
      const world = sub.partition(topic!, Number(partition))
      const letter = world.rows[Number(offset)]?.letter
      if (!letter || letter.deadOffset >= seen || letter.resolved) continue
      if (action === 'redrive-requested') letter.requested = true
      else if (action === 'redrive-failed') Object.assign(letter, { kind: 'dead', requested: false })
      else Object.assign(letter, { resolved: true, requested: false, ran: this.isLive(world, client) })
    }
  }

  #owner({ group, topic, partition, change, client }: Extract<HistoryEntry, { kind: 'owner' }>): void {
    const world = this.ofGroup(group)?.partition(topic, partition)
    if (!world) return
    this.#forgetRuns(world)
    world.epoch++
    world.owner = change === 'assigned' ? client : undefined
    world.inherited = world.stored
  }

  #forgetRuns(world: PartitionWorld): void {
    for (const run of world.running.keys()) this.#runs.delete(run)
    world.running.clear()
  }

  #commit({ group, topic, partition, offset, metadata }: Extract<HistoryEntry, { kind: 'commit' }>): void {
    const world = this.ofGroup(group)?.partition(topic, partition)
    if (!world) return
    const state = decodeCommitState(offset, metadata)
    for (let at = world.position; at < world.rows.length; at++) {
      const row = world.rows[at]!
      if (at < offset || state.isDone(at, row.key)) row.claimed = true
    }
    world.stored = state
    world.position = offset
  }

  #start(entry: Extract<HistoryEntry, { kind: 'start' }>): void {
    const sub = this.subscriptions.get(entry.subscription)!
    const world = sub.partition(entry.topic, entry.partition)
    const row = world.rows[entry.offset]
    if (!row || !this.isLive(world, entry.client)) return
    const { run, client, attempt, redriven } = entry
    const start: Start = { run, client, attempt, epoch: world.epoch, outcome: 'running' }
    if (!redriven) row.starts.push(start)
    world.running.set(run, { row, at: entry.at, start: redriven ? undefined : start })
    this.#runs.set(run, { sub, world })
  }

  #end({ run, outcome }: Extract<HistoryEntry, { kind: 'end' }>): void {
    const world = this.#runs.get(run)?.world
    const running = world?.running.get(run)
    if (!world || !running) return
    world.running.delete(run)
    this.#runs.delete(run)
    if (running.start) running.start.outcome = outcome
    if (outcome !== 'ok') return
    running.row.handled = true
    running.row.handledInEpoch = world.epoch
  }
}

function addRow(sub: SubscriptionWorld, topic: string, partition: number, record: LogRecord): void {
  const world = sub.partition(topic, partition)
  const key = record.key ? Buffer.from(record.key).toString() : ''
  const type = record.headers.text('ce_type')
  const row: Row = {
    topic,
    partition,
    offset: record.offset,
    key,
    record,
    taken: type === undefined || sub.facts.types.has(type),
    repeats: repeatedBy(sub, world, record),
    handled: false,
    handledInEpoch: -1,
    letter: undefined,
    generations: new Set(),
    claimed: false,
    starts: [],
    outputs: new Set(),
    outputRuns: new Map(),
  }
  world.rows[record.offset] = row
  world.byId.set(record.headers.text('ce_id') ?? '', row)
  const rows = world.byKey.get(key)
  if (rows) rows.push(row)
  else world.byKey.set(key, [row])
}

/** A later event under the id, that differs, takes the place of an earlier one. */
function repeatedBy(sub: SubscriptionWorld, world: PartitionWorld, record: LogRecord): Row['repeats'] {
  const { dedupeIds } = sub.facts
  const earlier = world.byId.get(record.headers.text('ce_id') ?? '')
  if (dedupeIds === undefined || !earlier) return undefined
  const text = ({ key, value, headers }: LogRecord): string =>
    `${String(key)} ${String(value)} ${headers.text('ce_type')}`
  if (text(record) !== text(earlier.record)) return undefined
  return { offset: earlier.offset, must: record.offset - earlier.offset <= dedupeIds }
}

export function originOf(record: LogRecord): { topic: string; partition: number; offset: number } {
  const text = (name: string): string => record.headers.text(name) ?? ''
  return {
    topic: text(deadHeaders.topic),
    partition: Number(text(deadHeaders.partition)),
    offset: Number(text(deadHeaders.offset)),
  }
}

/** What is left to do that does not wait for a person, in words; undefined when there is nothing. */
export function leftToDo(world: World): string | undefined {
  for (const sub of world.subscriptions.values()) {
    for (const [place, partition] of sub.partitions) {
      const at = `${sub.facts.name} ${place}`
      const { position, rows, running } = partition
      if (running.size > 0) return `${at}: ${running.size} handlers run`
      if (position < rows.length) return `${at}: committed up to ${position} of ${rows.length}`
      for (const [key, ofKey] of partition.byKey) {
        const letters = ofKey.filter((row) => row.letter && !row.letter.resolved)
        const isParkKey = sub.facts.policy === 'park-key'
        // A parked key waits for its first letter, also a later one that was asked for: one that was kept, handled again by the next
        // owner (its end had not been stored) and parked then may come before what a person saw as the first.
        const asked = (isParkKey ? letters.slice(0, 1) : letters).find((row) => row.letter!.requested)
        if (asked) return `${at}: the letter ${asked.offset} was asked for`
        const head = letters[0]
        if (isParkKey && head?.letter!.kind === 'parked')
          return `${at}: ${head.offset} of key ${key} is parked behind nothing`
      }
    }
  }
  return undefined
}
