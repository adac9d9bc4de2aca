/**
 * The rules of one subscription. Decision 018 says what they mean in words.
 * @module
 */
import type { LineOf, Place, SubscriptionFacts } from './happening.ts'
import { grantKey, type Attempt, type Process } from './processes.ts'
import { partsOf } from './published.ts'
import { over, Rows, type Row, type Started } from './rows.ts'
import type { Violations } from './violations.ts'

export class Subscription {
  readonly facts: SubscriptionFacts
  readonly rows = new Rows()
  readonly counts = { starts: 0, again: 0, handled: 0, failed: 0, interrupted: 0, dead: 0, parked: 0, stale: 0 }
  readonly #violations: Violations
  readonly #sessionMs: number
  /** How often a process that held partitions died, or lost them. */
  #disturbances = 0
  /** Effects in the database, by id. */
  readonly #effects = new Map<string, number>()

  /** @param sessionMs after so much silence partitions of a process may be given to others */
  constructor(facts: SubscriptionFacts, sessionMs: number, violations: Violations) {
    this.facts = facts
    this.#sessionMs = sessionMs
    this.#violations = violations
  }

  /** A process died or lost partitions: what it was running may be counted without having ended. */
  disturbed(): void {
    this.#disturbances++
  }

  stored({ id, at, offset }: LineOf<'acked'>): void {
    if (at === undefined || offset === undefined) return
    const parts = partsOf(id)
    if (offset < this.rows.place(at).committed) {
      if (this.rows.key(parts.key).over[parts.sequence] === undefined)
        this.#say('commit ahead', `${at} was committed past ${offset}, but ${id} is not over`)
      return
    }
    const row = this.rows.row(at, offset, id, parts)
    if (row.id !== id) this.#say('history', `${at}/${offset} is said to hold ${row.id} and ${id}`)
  }

  start(process: Process, line: LineOf<'start'>): void {
    this.counts.starts++
    const { id, at, offset, t } = line
    const isStale = process.isUnaware(this.facts.name, at, t)
    const row = this.rows.row(at, offset, id, line)
    const attempt: Attempt = { process, subscription: this.facts.name, run: line.run, row, stale: isStale }
    if (row.id !== id) this.#say('history', `${at}/${offset} is said to hold ${row.id} and ${id}`)
    if (isStale) this.counts.stale++
    else {
      this.#checkOverlap(attempt, t)
      this.#checkOwner(attempt)
      this.#checkOrder(row)
      this.#checkAgain(attempt)
      this.#checkAttempt(attempt, line.attempt)
      this.#open(attempt, line.attempt)
    }
    row.key.running.add(attempt)
    process.running.set(line.run, attempt)
  }

  #checkOverlap({ process, row }: Attempt, t: number): void {
    for (const other of row.key.running) {
      if (other.process !== process && other.process.mayBeFenced(t, this.#sessionMs)) this.#goStale(other)
      if (other.stale && other.process !== process) continue
      this.#say('overlap', `${row.id} starts in ${process.name} while ${other.row.id} runs in ${other.process.name}`)
    }
  }

  #checkOwner({ process, row }: Attempt): void {
    if (process.grants.has(grantKey(this.facts.name, row.at))) return
    this.#say('ownership', `${process.name} starts ${row.id}, and does not hold ${row.at}`)
  }

  #checkOrder(row: Row): void {
    const { key, sequence, offset } = row
    const isFirst = row.last === undefined && key.over[sequence] === undefined && sequence !== key.highest
    if (isFirst && sequence < key.highest)
      this.#say('order', `${row.id} starts after ${key.name}:${key.highest} was started`)
    key.highest = Math.max(key.highest, sequence)
    for (const earlier of key.open) {
      if (earlier.at === row.at && earlier.offset < offset)
        this.#say('order', `${row.id} starts before ${earlier.id} is over`)
    }
    if (this.facts.policy === 'park-key' && key.deadAt < offset)
      this.#say('parked order', `${row.id} starts, although its key is parked since offset ${key.deadAt}`)
  }

  #checkAgain({ process, row }: Attempt): void {
    const { committed } = this.rows.place(row.at)
    if (row.offset < committed) this.#say('again', `${row.id} starts at ${row.offset}, committed up to ${committed}`)
    if (row.state === 'kept') this.#say('again', `${row.id} starts, although its letter is stored`)
    if (row.state !== 'handled') return
    this.counts.again++
    const grant = process.grants.get(grantKey(this.facts.name, row.at))
    if (row.last?.grant === grant) this.#say('again', `${row.id} starts again in ${process.name}, which handled it`)
  }

  #checkAttempt({ process, row }: Attempt, attempt: number): void {
    const { last } = row
    const grant = process.grants.get(grantKey(this.facts.name, row.at))
    const say = (text: string): void => this.#say('attempts', `${row.id}: attempt ${attempt} ${text}`)
    if (attempt > this.facts.attempts) say(`of ${this.facts.attempts}`)
    if (last === undefined) {
      if (attempt > 1 + this.#disturbances) say('is the first')
    } else if (last.grant === grant && last.outcome === 'failed') {
      if (attempt !== last.attempt + 1) say(`follows ${last.attempt} of the same owner`)
    } else {
      if (attempt < last.attempt) say(`follows ${last.attempt}`)
      if (attempt > last.attempt + 1 + this.#disturbances - last.disturbances) say(`follows ${last.attempt}`)
    }
  }

  #open({ process, row }: Attempt, attempt: number): void {
    const grant = process.grants.get(grantKey(this.facts.name, row.at))
    row.state = 'open'
    row.last = { attempt, grant, disturbances: this.#disturbances, outcome: 'running' }
    row.key.open.add(row)
  }

  end(process: Process, { run, outcome, error, t }: LineOf<'end'>): void {
    const attempt = process.running.get(run)
    if (attempt === undefined) return this.#say('history', `run ${run} of ${process.name} ends, and never started`)
    process.running.delete(run)
    const { row } = attempt
    row.key.running.delete(attempt)
    if (process.isUnaware(this.facts.name, row.at, t)) this.#goStale(attempt)
    if (attempt.stale) return
    if (outcome === 'unplanned') this.#say('unplanned', `${row.id} in ${process.name}: ${error}`)
    if (outcome === 'ok') {
      this.counts.handled++
      this.#over(row, 'handled')
    } else this.counts[outcome === 'interrupted' ? 'interrupted' : 'failed']++
    if (outcome === 'failed') row.failures++
    if (row.last !== undefined) row.last.outcome = outcome === 'unplanned' ? 'failed' : outcome
  }

  /** What its process was running there no longer counts. */
  lost(process: Process, at: string): void {
    for (const attempt of process.running.values()) {
      if (attempt.subscription === this.facts.name && attempt.row.at === at) this.#goStale(attempt)
    }
  }

  #goStale(attempt: Attempt): void {
    if (!attempt.stale) this.counts.stale++
    attempt.stale = true
  }

  dead(process: Process, { at, offset, attempt, reason, t }: LineOf<'dead'>): void {
    if (process.isUnaware(this.facts.name, at, t)) return
    const row = this.rows.place(at).rows.get(offset)
    if (row === undefined) return
    row.state = 'decided'
    row.key.open.delete(row)
    row.key.deadAt = Math.min(row.key.deadAt, offset)
    this.#checkExhausted(row, attempt, reason)
  }

  letter({ kind, reason, attempts, id, at, offset }: LineOf<'letter'>): void {
    const row = this.rows.row(at, offset, id, partsOf(id))
    this.counts[kind === 'parked' ? 'parked' : 'dead']++
    if (kind === 'dead') this.#checkExhausted(row, attempts, reason)
    this.#over(row, 'kept')
  }

  /** It was tried as often as is configured. What ended with its owner may be missing, or be counted without having been seen. */
  #checkExhausted(row: Row, attempts: number, reason: string): void {
    const { facts } = this
    if (reason === 'crashed') {
      if (this.#disturbances === 0) this.#say('attempts', `${row.id} is dead by crashes, and there was none`)
      return
    }
    if (attempts !== facts.attempts)
      this.#say('attempts', `${row.id} is dead after ${attempts} of ${facts.attempts} attempts`)
    if (Math.abs(row.failures - facts.attempts) > this.#disturbances)
      this.#say('attempts', `${row.id} is dead after ${row.failures} failures, not ${facts.attempts}`)
  }

  #over(row: Row, how: 'handled' | 'kept'): void {
    row.state = how
    row.key.open.delete(row)
    row.key.over[row.sequence] = over[how]
  }

  positions({ committed }: LineOf<'positions'>): void {
    for (const [at, position] of Object.entries(committed)) {
      const place = this.rows.place(at)
      if (position < place.committed) this.#say('commit back', `${at} goes back from ${place.committed} to ${position}`)
      for (const [offset, row] of place.rows) {
        if (offset >= position) continue
        // Of an event that is stored twice one copy is handled, and the other passed over.
        if (row.key.over[row.sequence] === undefined)
          this.#say('commit ahead', `${at} is committed up to ${position}, and ${row.id} at ${offset} is not over`)
        place.rows.delete(offset)
      }
      place.committed = position
    }
  }

  effect({ id, count }: LineOf<'rows'>): void {
    this.#effects.set(id, (this.#effects.get(id) ?? 0) + count)
    if (this.#effects.get(id)! > 1)
      this.#say('effect twice', `${this.#effects.get(id)} effects of ${id} are in the database`)
  }

  /** An event that was acknowledged is over when the history ends. */
  finish({ id, key, sequence }: { id: string; key: string; sequence: number }): void {
    const how = this.rows.keys.get(key)?.over[sequence]
    if (how === undefined) this.#say('lost', `${id} was acknowledged, and neither handled nor kept`)
    else if (how === over.handled && this.facts.effects && !this.#effects.has(id))
      this.#say('effect lost', `${id} was handled, and its effect is not in the database`)
  }

  #say(rule: Parameters<Violations['add']>[0], text: string): void {
    this.#violations.add(rule, `${this.facts.name}: ${text}`)
  }
}

export type { Place, Started }
