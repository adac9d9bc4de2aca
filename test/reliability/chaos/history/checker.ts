/**
 * Judges a history of a run on a real cluster: reads its lines in the order of time, once, and says which promises are broken. Pure: no
 * file, no clock, no broker.
 *
 * It remembers two numbers for each event, and more only of those that are not committed yet, so that runs may be long.
 * What counts as an overlap, and what a process may do that was stopped past its session: decision 018.
 * @module
 */
import { FaultRecord, type FaultSeen } from './faults.ts'
import type { Facts, Happening, LineOf } from './happening.ts'
import { grantKey, Process } from './processes.ts'
import { fate, Published } from './published.ts'
import { over } from './rows.ts'
import { Subscription } from './subscription.ts'
import { Violations, type Violation } from './violations.ts'

/** After it goes on, a process that was stopped past its session has this long to notice. Milliseconds. */
const noticeMs = 10_000
/** Before it was stopped its last heartbeat may be so old: its session ends so much earlier. Milliseconds. */
const heartbeatSlackMs = 1_500

export interface Verdict {
  readonly violations: readonly Violation[]
  /** All of them, by rule; of each rule not more than a few are in `violations`. */
  readonly counts: ReadonlyMap<string, number>
  readonly events: Readonly<Published['counts']> & { readonly rate: number; readonly longestGapMs: number }
  readonly subscriptions: Readonly<Record<string, Subscription['counts']>>
  readonly faults: readonly FaultSeen[]
}

export class Checker {
  readonly #violations = new Violations()
  readonly #published = new Published(this.#violations)
  readonly #faults = new FaultRecord(this.#violations)
  readonly #processes = new Map<string, Process>()
  readonly #subscriptions = new Map<string, Subscription>()
  #facts: Facts | undefined
  #leastRate = 0
  #finish: LineOf<'finish'> | undefined
  /** When each process was stopped last, also as lines that still wait say. */
  readonly #stops = new Map<string, number>()
  /** Lines that wait until it is known what a process that was stopped had lost. */
  #waiting: Happening[] = []
  #waitUntil = -Infinity

  see(line: Happening): void {
    if (line.what === 'continued') this.#mayBeUnaware(line)
    if (line.t <= this.#waitUntil) this.#waiting.push(line)
    else {
      this.#release()
      this.#apply(line)
    }
    if (line.what === 'stopping') this.#stops.set(line.process, line.t)
  }

  verdict(): Verdict {
    this.#release()
    if (this.#facts === undefined) this.#violations.add('history', 'the history does not begin with its facts')
    if (this.#finish === undefined) this.#violations.add('history', 'the history has no end')
    else if (!this.#finish.drained) this.#violations.add('stuck', `left to do: ${this.#finish.leftToDo}`)
    this.#checkEvents()
    this.#faults.finish(this.#facts?.drainMs ?? 0)
    const { rate, counts, longestGapMs } = this.#published
    if (rate < this.#leastRate) this.#violations.add('load', `${rate.toFixed(0)} events/s, not ${this.#leastRate}`)
    return {
      violations: this.#violations.list,
      counts: this.#violations.counts,
      events: { ...counts, rate, longestGapMs },
      subscriptions: Object.fromEntries([...this.#subscriptions].map(([name, { counts }]) => [name, counts])),
      faults: this.#faults.faults,
    }
  }

  #checkEvents(): void {
    for (const event of this.#published.acknowledged()) {
      for (const subscription of this.#subscriptions.values()) subscription.finish(event)
    }
    for (const { facts, rows } of this.#subscriptions.values()) {
      for (const [key, { over: ended }] of rows.keys) {
        for (const [sequence, how] of ended.entries()) {
          if (how === undefined || this.#published.fateOf(key, sequence) !== fate.failed) continue
          const what = how === over.handled ? 'handled' : 'kept'
          this.#violations.add('stored though failed', `${facts.name}: ${key}:${sequence} was ${what}`)
        }
      }
    }
  }

  /**
   * A process goes on that was silent for longer than its session. What it lost it will say when it has noticed; what it does until
   * then must be known for what it is, so everything waits until then.
   */
  #mayBeUnaware({ process, t }: LineOf<'continued'>): void {
    if (t - (this.#stops.get(process) ?? Infinity) < this.#fencedAfterMs) return
    this.#waitUntil = Math.max(this.#waitUntil, t + noticeMs)
  }

  #release(): void {
    const lines = this.#waiting
    if (lines.length === 0) return
    this.#waiting = []
    const continued = new Set(lines.flatMap((line) => (line.what === 'continued' ? [line.process] : [])))
    for (const line of lines) {
      if (line.what !== 'lost' || !continued.has(line.by)) continue
      const { unawareUntil } = this.#process(line.by)
      for (const at of line.partitions) unawareUntil.set(grantKey(line.subscription, at), line.t)
    }
    for (const line of lines) this.#apply(line)
  }

  #apply(line: Happening): void {
    this.#violations.at(line.t)
    this.#faults.see(line)
    switch (line.what) {
      case 'facts':
        return this.#begin(line)
      case 'load':
        this.#leastRate = line.leastRate
        return
      case 'publish':
        return this.#published.called(line)
      case 'acked':
        for (const subscription of this.#subscriptions.values()) subscription.stored(line)
        return this.#published.answered(line)
      case 'unknown':
      case 'failed':
        return this.#published.answered(line)
      case 'stopping':
      case 'continued':
      case 'killing':
      case 'dying':
      case 'gone':
      case 'left':
        return this.#ofProcess(line)
      case 'positions':
      case 'letter':
      case 'rows':
        return this.#ofRig(line)
      case 'finish':
        this.#finish = line
        return
      case 'assigned':
      case 'lost':
      case 'revoked':
        return this.#ofMember(line)
      case 'start':
        return this.#subscription(line)?.start(this.#process(line.by), line)
      case 'end':
        return this.#subscription(line)?.end(this.#process(line.by), line)
      case 'dead':
        return this.#subscription(line)?.dead(this.#process(line.by), line)
      case 'effect':
      case 'trouble':
      case 'seen':
      case 'drained':
      case 'fault begins':
      case 'fault ends':
    }
  }

  #begin(facts: LineOf<'facts'>): void {
    this.#facts = facts
    this.#leastRate = facts.leastRate
    for (const each of facts.subscriptions) {
      this.#subscriptions.set(each.name, new Subscription(each, this.#fencedAfterMs, this.#violations))
    }
  }

  #ofRig(line: LineOf<'positions' | 'letter' | 'rows'>): void {
    const subscription = this.#subscription(line)
    if (line.what === 'positions') subscription?.positions(line)
    else if (line.what === 'letter') subscription?.letter(line)
    else subscription?.effect(line)
  }

  #ofProcess(line: LineOf<'stopping' | 'continued' | 'killing' | 'dying' | 'gone' | 'left'>): void {
    const process = this.#process('process' in line ? line.process : line.by)
    switch (line.what) {
      case 'stopping':
        process.stoppedAt = line.t
        if (process.running.size > 0) this.#faults.note('handlers were stopped')
        return
      case 'continued':
        process.stoppedAt = undefined
        return
      case 'left':
        // It gave back what it held; nothing was cut short.
        process.grants.clear()
        return
      default:
        return this.#died(process)
    }
  }

  /** What a dead process was running does not run any more. */
  #died(process: Process): void {
    if (process.isDead) return
    process.isDead = true
    if (process.running.size > 0) this.#faults.note('handlers were cut')
    for (const attempt of process.running.values()) attempt.row.key.running.delete(attempt)
    process.running.clear()
    if (process.grants.size > 0) for (const subscription of this.#subscriptions.values()) subscription.disturbed()
    process.grants.clear()
  }

  #ofMember(line: LineOf<'assigned' | 'revoked' | 'lost'>): void {
    const process = this.#process(line.by)
    const subscription = this.#subscription(line)
    // Who is asked for a partition still finishes what runs there, so `revoked` changes nothing yet.
    if (subscription === undefined || line.what === 'revoked') return
    if (line.what === 'lost') subscription.disturbed()
    for (const at of line.partitions) {
      const key = grantKey(subscription.facts.name, at)
      if (line.what === 'assigned') process.grants.set(key, { at })
      else {
        subscription.lost(process, at)
        process.grants.delete(key)
      }
    }
  }

  #subscription({ subscription }: { readonly subscription: string }): Subscription | undefined {
    const found = this.#subscriptions.get(subscription)
    if (found === undefined) this.#violations.add('history', `there is no subscription "${subscription}"`)
    return found
  }

  #process(name: string): Process {
    let process = this.#processes.get(name)
    if (process === undefined) this.#processes.set(name, (process = new Process(name)))
    return process
  }

  get #fencedAfterMs(): number {
    return (this.#facts?.sessionMs ?? Infinity) - heartbeatSlackMs
  }
}

/** Judges a whole history. */
export async function check(history: AsyncIterable<Happening> | Iterable<Happening>): Promise<Verdict> {
  const checker = new Checker()
  for await (const line of history) checker.see(line)
  return checker.verdict()
}
