/**
 * A small history without a violation that has everything in it: retries, dead letters under both policies, a worker that is killed in a
 * handler, one that is stopped past its session and goes on, a publish whose fate is unknown.
 * @module
 */
import type { Happening, Line, SubscriptionFacts } from './happening.ts'

const at = 'chaos.steps.only/0'
const sessionMs = 5_000
const subscriptions: readonly SubscriptionFacts[] = [
  { name: 'billing', attempts: 3, policy: 'continue', effects: true },
  { name: 'ledger', attempts: 3, policy: 'park-key', effects: false },
]

export function goodHistory(): readonly Happening[] {
  const scribe = new Scribe()
  scribe.rig({ what: 'facts', subscriptions, sessionMs, drainMs: 60_000, leastRate: 0.1 })
  scribe.everybodyGets('worker-1')
  for (const id of ['a:0', 'a:1', 'b:0']) scribe.published(id)
  scribe.handled('worker-1', 'billing', 'a:0')
  scribe.failedUntilDead('worker-1', 'billing', 'a:1')
  scribe.handled('worker-1', 'billing', 'b:0', 2)
  scribe.handled('worker-1', 'ledger', 'a:0')
  scribe.failedUntilDead('worker-1', 'ledger', 'a:1')
  scribe.handled('worker-1', 'ledger', 'b:0')
  scribe.look({ billing: 3, ledger: 3 })
  beginFault(scribe)
  workerDies(scribe)
  workerIsStopped(scribe)
  oneGroupIsLost(scribe)
  endFault(scribe)
  scribe.rig({ what: 'finish', drained: true })
  return scribe.lines
}

function beginFault(scribe: Scribe): void {
  scribe.rig({
    what: 'fault begins',
    fault: 'all',
    needs: { 'handlers were cut': 1, 'handlers were stopped': 1, lost: 1 },
  })
  for (const id of ['a:2', 'b:1', 'b:2']) scribe.published(id)
  scribe.say('publisher-1', { what: 'publish', id: 'c:0', key: 'c', sequence: 0 })
  scribe.say('publisher-1', { what: 'unknown', id: 'c:0', code: 'VLX_PUBLISH_UNKNOWN' })
}

/** In the middle of a:2, after its effect; b:1 it had handled without committing that. The next owner does both again. */
function workerDies(scribe: Scribe): void {
  scribe.handled('worker-1', 'billing', 'b:1')
  scribe.start('worker-1', 'billing', 'a:2')
  scribe.effect('a:2')
  scribe.say('worker-1', { what: 'dying', where: 'in' })
  scribe.rig({ what: 'gone', process: 'worker-1' })
  scribe.pass(sessionMs)
  scribe.everybodyGets('worker-2')
  scribe.handled('worker-2', 'billing', 'a:2')
  scribe.handled('worker-2', 'billing', 'b:1')
  // Behind its dead letter the key is parked in this subscription.
  scribe.letter('ledger', 'a:2', 'parked', 'parked-behind', 0)
  scribe.handled('worker-2', 'ledger', 'b:1')
}

/** In the middle of b:2. Another one does it; what the first does until it notices no longer counts. */
function workerIsStopped(scribe: Scribe): void {
  const run = scribe.start('worker-2', 'billing', 'b:2')
  scribe.rig({ what: 'stopping', process: 'worker-2' })
  scribe.pass(sessionMs + 1_000)
  scribe.everybodyGets('worker-3')
  const again = scribe.start('worker-3', 'billing', 'b:2')
  scribe.rig({ what: 'continued', process: 'worker-2' })
  scribe.end('worker-2', 'billing', run, 'ok')
  scribe.published('b:3')
  const late = scribe.start('worker-2', 'billing', 'b:3')
  for (const { name } of subscriptions) scribe.say('worker-2', { what: 'lost', subscription: name, partitions: [at] })
  scribe.end('worker-2', 'billing', late, 'interrupted')
  scribe.effect('b:2')
  scribe.end('worker-3', 'billing', again, 'ok')
  scribe.handled('worker-3', 'billing', 'b:3')
  for (const id of ['b:2', 'b:3']) scribe.handled('worker-3', 'ledger', id)
}

/** What runs in the other subscription counts. */
function oneGroupIsLost(scribe: Scribe): void {
  scribe.published('d:0')
  const run = scribe.start('worker-3', 'billing', 'd:0')
  scribe.say('worker-3', { what: 'lost', subscription: 'ledger', partitions: [at] })
  scribe.effect('d:0')
  scribe.end('worker-3', 'billing', run, 'ok')
  scribe.say('worker-3', { what: 'assigned', subscription: 'ledger', partitions: [at] })
  scribe.handled('worker-3', 'ledger', 'd:0')
}

function endFault(scribe: Scribe): void {
  scribe.rig({ what: 'fault ends', fault: 'all' })
  scribe.look({ billing: 8, ledger: 8 })
  scribe.rig({ what: 'drained', fault: 'all', afterMs: 1_000 })
  for (const [id, count] of scribe.effects) scribe.rig({ what: 'rows', subscription: 'billing', id, count })
}

class Scribe {
  readonly lines: Happening[] = []
  readonly effects = new Map<string, number>()
  readonly #offsets = new Map<string, number>()
  #t = 1_000
  #run = 0

  say(by: string, line: Line): void {
    const pid = [...by].reduce((sum, letter) => sum + letter.charCodeAt(0), 1_000)
    this.lines.push({ t: this.#t, wall: 1_700_000_000_000 + this.#t, by, pid, ...line })
    this.#t += 1
  }

  rig(line: Line): void {
    this.say('rig', line)
  }

  pass(ms: number): void {
    this.#t += ms
  }

  everybodyGets(worker: string): void {
    for (const { name } of subscriptions) this.say(worker, { what: 'assigned', subscription: name, partitions: [at] })
  }

  published(id: string): void {
    const [key = '', sequence] = id.split(':')
    const offset = this.#offsets.size
    this.#offsets.set(id, offset)
    this.say('publisher-1', { what: 'publish', id, key, sequence: Number(sequence) })
    this.say('publisher-1', { what: 'acked', id, at, offset })
  }

  start(worker: string, subscription: string, id: string, attempt = 1): number {
    const run = ++this.#run
    const [key = '', sequence] = id.split(':')
    const place = { at, offset: this.#offsets.get(id)! }
    this.say(worker, { what: 'start', run, subscription, id, key, sequence: Number(sequence), attempt, ...place })
    return run
  }

  end(worker: string, subscription: string, run: number, outcome: 'ok' | 'failed' | 'interrupted'): void {
    this.say(worker, { what: 'end', run, subscription, outcome })
  }

  /** In the database it is once, however often it was tried. */
  effect(id: string): void {
    this.effects.set(id, 1)
  }

  /** Handled at its `attempt`th attempt; the ones before failed. */
  handled(worker: string, subscription: string, id: string, attempt = 1): void {
    for (let nth = 1; nth <= attempt; nth++) {
      const run = this.start(worker, subscription, id, nth)
      if (nth === attempt && subscription === 'billing') this.effect(id)
      this.end(worker, subscription, run, nth === attempt ? 'ok' : 'failed')
    }
  }

  failedUntilDead(worker: string, subscription: string, id: string): void {
    for (let nth = 1; nth <= 3; nth++)
      this.end(worker, subscription, this.start(worker, subscription, id, nth), 'failed')
    const place = { at, offset: this.#offsets.get(id)! }
    this.say(worker, { what: 'dead', subscription, attempt: 3, reason: 'attempts-exhausted', ...place })
    this.letter(subscription, id, 'dead', 'attempts-exhausted', 3)
  }

  letter(subscription: string, id: string, kind: string, reason: string, attempts: number): void {
    this.rig({ what: 'letter', subscription, kind, reason, attempts, id, at, offset: this.#offsets.get(id)! })
  }

  look(committed: Readonly<Record<string, number>>): void {
    for (const [subscription, offset] of Object.entries(committed)) {
      this.rig({ what: 'positions', subscription, committed: { [at]: offset } })
    }
  }
}
