/** Whatever the log answers and whenever: order by key, nothing lost, nothing answered twice, memory bounded. @module */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Publisher, PublishUnknown } from '../../src/publisher/index.ts'
import { VirtualClock } from '../../src/testing/clock.ts'
import { full, idOf, ScriptedLog, unavailable, type Answer } from '../support/scripted-log.ts'
import { checkout } from './checkout.ts'

const answers: fc.Arbitrary<Answer> = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 50 }).map((delayMs): Answer => ({ delayMs })) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 3 }).map((partition): Answer => ({ refuse: { error: full(), when: (record) => record.partition === partition } })) },
  { weight: 1, arbitrary: fc.constant<Answer>({ refuse: { error: full(), when: () => true } }) },
  { weight: 1, arbitrary: fc.integer({ min: 2, max: 9 }).map((nth): Answer => ({ refuse: { error: full(), when: (record) => Number(idOf(record)) % nth === 0 } })) },
  { weight: 1, arbitrary: fc.boolean().map((stored): Answer => ({ reject: unavailable(), stored })) },
) // prettier-ignore

const calls = fc.array(
  fc.record({
    key: fc.integer({ min: 0, max: 9 }),
    type: fc.constantFrom('order.placed', 'order.urgent', 'order.exported'),
    waitMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 100 })),
    pad: fc.integer({ min: 0, max: 2000 }),
    many: fc.boolean(),
  }),
  { maxLength: 80 },
)

/** Some partitions of some calls take long, and the others are told early. */
const lateness = fc.option(
  fc.record({ ms: fc.integer({ min: 1, max: 500 }), partitions: fc.subarray([0, 1, 2, 3], { minLength: 1 }) }),
  { nil: undefined, freq: 2 },
)

test.each([
  { name: 'one queue', apart: false, flights: 1 },
  { name: 'partitions apart', apart: true, flights: 8 },
])('coalescing keeps order by key, and every event has one outcome ($name)', async ({ apart, flights }) => {
  await fc.assert(
    fc.asyncProperty(
      calls,
      fc.array(fc.tuple(answers, lateness), { maxLength: 30 }),
      fc.integer({ min: 1, max: 20 }),
      async (steps, drawn, maxBatchEvents) => {
        const clock = new VirtualClock({ turns: 0 })
        const script = drawn.map(([answer, late]): Answer => {
          if (!apart || late === undefined) return answer
          return { ...answer, late: { ms: late.ms, when: ({ partition }) => late.partitions.includes(partition) } }
        })
        const log = new ScriptedLog(clock, (call) => script[call] ?? {}, { appendsApart: apart })
        const config = checkout({
          maxBatchEvents,
          maxBatchBytes: '4KiB',
          maxPendingEvents: 15,
          maxPendingBytes: '16KiB',
          maxEventBytes: '4KiB',
        })
        const publisher = new Publisher({ config, log, clock })
        const outcomes = new Map<string, { times: number; error?: Error; offset?: number }>()
        const note = (id: string, outcome: { error?: Error; offset?: number }): void => {
          outcomes.set(id, { ...outcome, times: (outcomes.get(id)?.times ?? 0) + 1 })
        }
        for (const [index, { key, type, waitMs, pad, many }] of steps.entries()) {
          const id = `${index}`
          const data = { key: `k${key}`, pad: 'x'.repeat(pad) }
          if (many) {
            void publisher
              .publishMany([{ type, data, id }])
              .then(([outcome]) => note(id, outcome!.ok ? { offset: outcome!.offset } : { error: outcome!.error }))
          } else {
            publisher.publish(type, data, { id }).then(
              ({ offset }) => note(id, { offset }),
              (error: Error) => note(id, { error }),
            )
          }
          expect(publisher.pending.events).toBeLessThanOrEqual(15)
          expect(publisher.pending.bytes).toBeLessThanOrEqual(20 * 1024 + 500)
          if (waitMs > 0) await clock.advance(waitMs)
        }
        await clock.runUntil(() => outcomes.size === steps.length, { limitMs: 120_000 })
        expect(log.concurrency).toBeLessThanOrEqual(flights)
        expect(log.overtaken).toEqual([])
        expect(outcomes.size).toBe(steps.length)
        for (const { times, error } of outcomes.values()) {
          expect(times).toBe(1)
          if (error) expect(error).toBeInstanceOf(PublishUnknown)
        }
        const stored = new Map<string, number>()
        for (const record of log.records) stored.set(idOf(record), (stored.get(idOf(record)) ?? 0) + 1)
        const unanswered = log.calls.filter((_, call) => script[call]?.stored)
        const repeated = new Set(unanswered.flat().map(idOf))
        for (const [id, { error }] of outcomes) {
          if (!error) expect(stored.get(id)).toBeGreaterThanOrEqual(1)
          // A second copy only where the log stored without telling.
          if (!repeated.has(id)) expect(stored.get(id) ?? 0).toBeLessThanOrEqual(1)
        }
        for (const ids of log.idsByKey().values()) {
          // The last copy of each, as a repeated run of copies is a retry of the whole run.
          const last = ids.filter((id, index) => ids.lastIndexOf(id) === index).map(Number)
          expect(last).toEqual(last.toSorted((a, b) => a - b))
        }
        await publisher.close()
        await clock.advance(5000)
        expect(publisher.pending).toEqual({ events: 0, bytes: 0, waiting: 0 })
        expect(clock.pendingTimers).toBe(0)
      },
    ),
    { numRuns: 300 },
  )
})
