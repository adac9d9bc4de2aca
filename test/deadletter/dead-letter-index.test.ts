/**
 * The index over the dead and audit topics of one subscription.
 * @module
 */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DeadLetterIndex, type AuditAction, type IndexedLetter } from '../../src/deadletter/index.ts'
import { LogUnavailable, TopicUnknown } from '../../src/transport/index.ts'
import { bench, idOf, letter, subscription, topic, type Bench } from './letters.ts'

async function refreshed(on: Bench): Promise<DeadLetterIndex> {
  const index = new DeadLetterIndex(on.log, on.sub)
  await index.refresh()
  return index
}

function shown(index: DeadLetterIndex): string[] {
  return [...index.unresolved()].map((one) => `${one.origin.offset}:${one.status}`)
}

const offsets = (letters: readonly IndexedLetter[]): number[] => letters.map((one) => one.origin.offset)
/** Lets everything that does not wait for time happen. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('refresh', () => {
  test('reads what there is, and later only what is new', async () => {
    const on = await bench()
    await on.keep(letter(3), letter(1, { key: 'other' }))
    const index = await refreshed(on)
    expect(index.get(idOf(3))).toEqual({
      id: `${topic}/0/3`,
      kind: 'dead',
      status: 'dead',
      reason: 'attempts-exhausted',
      key: 'k',
      origin: { topic, partition: 0, offset: 3 },
      lane: 'standard',
      stream: 'orders',
      type: 'order.placed',
      eventId: 'e3',
      attempts: 5,
      firstAttemptAt: 3000,
      lastAttemptAt: 3500,
      deadAt: 3600,
      deadOffset: 0,
      group: '77caec26d9ab',
      errorName: 'Error',
      errorMessage: 'no luck with 3',
      policy: 'park-key',
      bytes: expect.any(Number),
      generation: expect.any(Number),
      older: [],
    })
    await on.say('redriven', [3])
    await on.keep(letter(5))
    expect(shown(index)).toEqual(['3:dead', '1:dead'])
    await index.refresh()
    expect(shown(index)).toEqual(['1:dead', '5:dead'])
    expect(index.seen).toBe(3)
  })

  test('may be called many times at once', async () => {
    const on = await bench()
    await on.keep(...Array.from({ length: 30 }, (_, i) => letter(i)))
    await on.say('redrive-requested', [4])
    await on.say('redrive-failed', [4])
    const index = new DeadLetterIndex(on.log, on.sub)
    await Promise.all([index.refresh(), index.refresh(), index.refresh()])
    expect(index.size).toBe(30)
    expect(index.get(idOf(4))!.attempts).toBe(6)
  })

  test('does not take a slow answer for topics that shrank', async () => {
    const on = await bench()
    await on.keep(letter(1))
    const index = await refreshed(on)
    const { offsets: ask } = on.log.admin
    const gate = Promise.withResolvers<void>()
    on.log.admin.offsets = async (topics) => {
      const answer = await ask(topics)
      if (topics.includes(on.sub.deadTopic)) await gate.promise
      return answer
    }
    const slow = index.refresh()
    await settled()
    on.log.admin.offsets = ask
    await on.keep(letter(2))
    await index.refresh()
    const kept = index.get(idOf(1))
    gate.resolve()
    await slow
    expect(shown(index)).toEqual(['1:dead', '2:dead'])
    expect(index.get(idOf(1))).toBe(kept)
  })

  test('starts over when the topics were made anew', async () => {
    const on = await bench()
    await on.keep(letter(1), letter(2))
    const index = await refreshed(on)
    const specs = await on.log.admin.topics()
    for (const { name } of specs) await on.log.admin.deleteTopic(name)
    await on.log.admin.createTopics(specs)
    await on.keep(letter(7))
    await index.refresh()
    expect(shown(index)).toEqual(['7:dead'])
  })

  test('passes over records that are no letters and says which', async () => {
    const on = await bench()
    const junk = { partition: 0, key: null, value: null, headers: [], timestamp: 0 }
    await on.log.append([
      { ...junk, topic: on.sub.deadTopic },
      { ...junk, topic: on.sub.auditTopic },
    ])
    await on.keep(letter(1))
    await on.say('redrive-requested', [1])
    const index = await refreshed(on)
    expect(shown(index)).toEqual(['1:redriving'])
    expect(index.unreadable.map(({ topic, offset }) => [topic, offset])).toEqual([
      [on.sub.deadTopic, 0],
      [on.sub.auditTopic, 0],
    ])
  })

  test('says which topic is missing', async () => {
    const on = await bench()
    await on.log.admin.deleteTopic(on.sub.deadTopic)
    await expect(new DeadLetterIndex(on.log, on.sub).refresh()).rejects.toThrow(TopicUnknown)
  })
})

describe('views', () => {
  test('chain the letters of a parked key by origin offset, however they were kept', async () => {
    const on = await bench()
    const parked = { kind: 'parked' } as const
    await on.keep(letter(5), letter(9, parked), letter(7, parked), letter(6, { key: 'other' }))
    const index = await refreshed(on)
    expect(offsets(index.chain(topic, 0, 'k'))).toEqual([5, 7, 9])
    expect(index.chain(topic, 1, 'k')).toEqual([])
    expect([...index.parkedKeys(topic, 0)]).toEqual(['k', 'other'])
    await on.say('redriven', [5])
    await on.say('discarded', [6])
    await index.refresh()
    expect(offsets(index.chain(topic, 0, 'k'))).toEqual([7, 9])
    expect(index.headOf(index.get(idOf(9))!).id).toBe(idOf(7))
    expect([...index.parkedKeys(topic, 0)]).toEqual(['k'])
  })

  test('park no key under the policy continue', async () => {
    const on = await bench(subscription('continue'))
    await on.keep(letter(5), letter(6))
    const index = await refreshed(on)
    expect([...index.parkedKeys(topic, 0)]).toEqual([])
    expect(index.headOf(index.get(idOf(6))!).id).toBe(idOf(6))
  })

  test('list what is being redriven until it has ended', async () => {
    const on = await bench()
    await on.keep(letter(5), letter(3), letter(4))
    await on.say('redrive-requested', [5, 3, 4])
    const index = await refreshed(on)
    expect(offsets(index.redriving(topic, 0))).toEqual([3, 4, 5])
    await on.say('redriven', [3])
    await on.say('redrive-failed', [5], { attempts: 2, error: { chain: [{ name: 'Again', message: 'still' }] } })
    await index.refresh()
    expect(offsets(index.redriving(topic, 0))).toEqual([4])
    expect(index.get(idOf(5))).toMatchObject({ status: 'dead', attempts: 7, errorName: 'Again', errorMessage: 'still' })
  })
})

describe('original', () => {
  test('gives the record back byte for byte', async () => {
    const on = await bench()
    const { record } = letter(8)
    await on.keep(letter(1), letter(8), letter(9))
    const index = await refreshed(on)
    const back = await index.original(index.get(idOf(8))!)
    expect({ ...back, headers: [] }).toEqual({
      offset: 8,
      bytes: expect.any(Number) as number,
      timestamp: record.timestamp,
      key: new Uint8Array(record.key!),
      value: new Uint8Array(record.value!),
      headers: [],
    })
    expect([...back.headers].map(([name, value]) => [name, Buffer.from(value)])).toEqual([...record.headers])
    expect(back.headers.text('ce_id')).toBe('e8')
    expect(back.headers.text('veltrix-dead-kind')).toBeUndefined()
  })

  test('says when retention was quicker, and forgets the letter at the next refresh', async () => {
    const on = await bench({ ...subscription(), deadRetentionMs: 10_000 })
    await on.keep(letter(1, { at: 4995 }), letter(2, { at: 5000 }))
    const index = await refreshed(on)
    await on.clock.advance(8000)
    await expect(index.original(index.get(idOf(1))!)).rejects.toMatchObject({ code: 'VLX_DEAD_LETTER_UNKNOWN' })
    await index.refresh()
    expect(shown(index)).toEqual(['2:dead'])
    expect(offsets(index.chain(topic, 0, 'k'))).toEqual([2])
  })
})

describe('follow', () => {
  test('tells every entry once it is taken in, until it is stopped', async () => {
    const on = await bench()
    await on.keep(letter(1))
    const index = new DeadLetterIndex(on.log, on.sub)
    const told: string[] = []
    const stop = new AbortController()
    const following = index.follow({
      signal: stop.signal,
      changed: ({ entry, letters }) =>
        told.push(`${entry.action} ${letters.map(({ id, status }) => `${id} ${status}`)}, left ${shown(index).join()}`),
    })
    await settled()
    await on.keep(letter(2))
    await on.say('redrive-requested', [2])
    await on.say('redriven', [2])
    await index.refresh()
    await on.say('discarded', [1])
    await settled()
    stop.abort()
    await following
    await on.say('redriven', [1])
    expect(told).toEqual([
      `redrive-requested ${idOf(2)} dead, left 1:dead,2:redriving`,
      `redriven ${idOf(2)} redriving, left 1:dead`,
      `discarded ${idOf(1)} dead, left `,
    ])
  })

  test('tells every unresolved letter once, whichever reading takes it in', async () => {
    const on = await bench()
    const told: string[] = []
    const index = new DeadLetterIndex(on.log, on.sub, ({ id }) => told.push(id))
    await on.keep(letter(1))
    await on.keep(letter(1))
    await index.refresh()
    await on.keep(letter(2))
    const stop = new AbortController()
    const following = index.follow({ signal: stop.signal, changed: () => {} })
    await settled()
    await on.keep(letter(3))
    await settled()
    stop.abort()
    await following
    expect(told).toEqual([1, 2, 3].map(idOf))
  })

  test('passes the log’s errors and the listener’s own on, and misses nothing when called again', async () => {
    const on = await bench()
    await on.keep(letter(1))
    const index = new DeadLetterIndex(on.log, on.sub)
    const { read } = on.log
    on.log.read = () => Promise.reject(new LogUnavailable('away'))
    const { signal } = new AbortController()
    await expect(index.follow({ signal, changed: () => {} })).rejects.toThrow('away')
    on.log.read = read
    await on.say('redrive-requested', [1])
    const following = index.follow({
      signal,
      changed: () => {
        throw new Error('mine')
      },
    })
    await expect(following).rejects.toThrow('mine')
    expect(shown(index)).toEqual(['1:redriving'])
  })
})

type Step =
  | { does: 'keep'; offset: number; at: number; kind: 'dead' | 'parked' }
  | { does: 'say'; action: AuditAction; offset: number }
  | { does: 'refresh' }

const stepArb: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    does: fc.constant('keep' as const),
    offset: fc.nat(4),
    at: fc.integer({ min: 1, max: 3 }),
    kind: fc.constantFrom('dead' as const, 'dead' as const, 'parked' as const),
  }),
  fc.record({
    does: fc.constant('say' as const),
    action: fc.constantFrom<AuditAction[]>('redrive-requested', 'redriven', 'redrive-failed', 'released', 'discarded'),
    offset: fc.nat(4),
  }),
  fc.record({ does: fc.constant('refresh' as const) }),
)

/** The simplest thing that could be true: letters by id, with every write taken in at once. */
class Model {
  readonly letters = new Map<number, { failure: string; status: string; attempts: number }>()
  readonly #told = new Set<string>()
  keep(offset: number, at: number, kind: 'dead' | 'parked'): void {
    const failure = `${offset} ${kind} ${at}`
    if (this.#told.has(failure)) return
    this.#told.add(failure)
    this.letters.delete(offset)
    this.letters.set(offset, { failure, status: kind, attempts: kind === 'dead' ? 5 : 0 })
  }
  say(action: AuditAction, offset: number): void {
    const found = this.letters.get(offset)
    if (!found) return
    if (action === 'redrive-requested') found.status = 'redriving'
    else if (action === 'redrive-failed') {
      found.status = 'dead'
      found.attempts++
    } else this.letters.delete(offset)
  }
  get shown(): string[] {
    return [...this.letters].map(([offset, { status, attempts }]) => `${offset}:${status}:${attempts}`)
  }
}

const line = (one: IndexedLetter): string => `${one.origin.offset}:${one.status}:${one.attempts}`

test('is what a simple model says, kept up or built anew', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepArb, { maxLength: 30 }), async (steps) => {
      const on = await bench()
      const model = new Model()
      const kept = new DeadLetterIndex(on.log, on.sub)
      for (const step of steps) {
        if (step.does === 'refresh') await kept.refresh()
        else if (step.does === 'keep') {
          await on.keep(letter(step.offset, step))
          model.keep(step.offset, step.at, step.kind)
        } else {
          await on.say(step.action, [step.offset])
          model.say(step.action, step.offset)
        }
      }
      await kept.refresh()
      const anew = await refreshed(on)
      expect([...anew.unresolved()]).toEqual([...kept.unresolved()])
      expect([...kept.unresolved()].map(line)).toEqual(model.shown)
    }),
    { numRuns: 300 },
  )
})
