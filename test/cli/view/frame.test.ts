import fc from 'fast-check'
import { channel } from 'node:diagnostics_channel'
import { describe, expect, test } from 'vitest'
import { cells, clip, compact, fit, printable, span } from '../../../src/cli/format.ts'
import { paintFor } from '../../../src/cli/paint.ts'
import { frameLines } from '../../../src/cli/view/frame.ts'
import { Gauges } from '../../../src/cli/view/gauges.ts'
import { plainLine } from '../../../src/cli/view/plain.ts'
import { Redraw } from '../../../src/cli/view/redraw.ts'
import { sparkline } from '../../../src/cli/view/sparkline.ts'
import { VirtualClock } from '../../../src/testing/clock.ts'

const note = {
  subscription: 'billing',
  type: 'order.placed',
  id: 'e-1',
  key: 'o-1',
  lane: 'critical',
  stream: 'orders',
  topic: 'shop.orders.critical',
  partition: 0,
  offset: 0,
}

function gaugesWithSomething(): Gauges {
  const gauges = new Gauges({
    app: 'shop',
    lanes: ['critical', 'standard', 'bulk'],
    subscriptions: ['billing', 'a-subscription-with-a-long-name'],
    clock: new VirtualClock(),
  })
  gauges.listen()
  channel('veltrix:publisher:acked').publish({ lane: 'critical', stream: 'orders', events: 3, bytes: 9, durationMs: 1 })
  channel('veltrix:worker:started').publish({ ...note, attempt: 1, waitedMs: 12 })
  channel('veltrix:worker:retry').publish({ ...note, attempt: 1, delayMs: 5, error: new Error('timeout') })
  channel('veltrix:worker:started').publish({ ...note, key: 'o-2', attempt: 2, waitedMs: 9000 })
  channel('veltrix:worker:handled').publish({ ...note, key: 'o-2', attempt: 2, durationMs: 1, totalMs: 9001 })
  channel('veltrix:worker:breaker').publish({ subscription: 'billing', state: 'open', failingKeys: 9, seenKeys: 10 })
  channel('veltrix:worker:breaker').publish({
    subscription: 'billing',
    state: 'half-open',
    failingKeys: 9,
    seenKeys: 10,
  })
  return gauges
}

describe('gauges', () => {
  test('count by lane; only first attempts tell how long events wait', () => {
    const gauges = gaugesWithSomething()
    const { lanes, subscriptions, retries } = gauges.snapshot()
    expect(lanes['critical']).toMatchObject({ published: 3, handled: 1, waitingKeys: 1, deadLetters: 0, lag: null })
    expect(lanes['critical']!.p99Ms).toBeCloseTo(12, 0)
    expect(subscriptions['billing']).toMatchObject({ breaker: 'half-open', handled: 1, retries: 1 })
    expect(retries).toBe(1)
    gauges.close()
  })

  test('a waiting key is one no more when it becomes a dead letter; an outage is one note', () => {
    const gauges = gaugesWithSomething()
    channel('veltrix:worker:dead').publish({ ...note, attempt: 5, reason: 'attempts-exhausted', error: new Error('x') })
    expect(gauges.snapshot().lanes['critical']).toMatchObject({ waitingKeys: 0, deadLetters: 1 })
    gauges.notes.flush(0)
    expect(gauges.notes.last(10).map(({ kind }) => kind)).toEqual(['breaker', 'dead', 'retry'])
    gauges.close()
  })

  test('nothing is heard after closing', () => {
    const gauges = gaugesWithSomething()
    gauges.close()
    channel('veltrix:publisher:acked').publish({ lane: 'critical', stream: 'o', events: 5, bytes: 1, durationMs: 1 })
    expect(gauges.snapshot().lanes['critical']!.published).toBe(3)
  })
})

describe('a frame', () => {
  const frame = (columns: number, rows: number, colour: boolean): string[] => {
    const gauges = gaugesWithSomething()
    try {
      return frameLines({
        snapshot: gauges.snapshot(),
        history: [1, undefined, 30, 12],
        notes: gauges.notes.last(20),
        place: 'embedded',
        draining: false,
        memoryBytes: 90 * 1024 * 1024,
        columns,
        rows,
        paint: paintFor(colour),
      })
    } finally {
      gauges.close()
    }
  }

  test('fits every terminal from 20 columns on, with and without colour', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 240 }),
        fc.integer({ min: 6, max: 60 }),
        fc.boolean(),
        (columns, rows, colour) => {
          const lines = frame(columns, rows, colour)
          expect(lines.length).toBeLessThanOrEqual(rows)
          for (const line of lines) expect(cells(line)).toBeLessThanOrEqual(columns)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('shows lanes, subscriptions, and what is worth reading', () => {
    const text = frame(120, 30, false).join('\n')
    expect(text).toMatch(/^critical +\d/m)
    expect(text).toContain('half-open')
    expect(text).toContain('breaker opened, 9 of 10 recent keys fail')
    // oxlint-disable-next-line no-control-regex
    expect(text).not.toMatch(/\u001B/)
  })

  test('as a plain line', () => {
    const gauges = gaugesWithSomething()
    expect(plainLine(gauges.snapshot())).toMatch(
      /^up 0\.0ms \| critical pub .* wait 1 dead 0 \|.*billing breaker half-open$/,
    )
    gauges.close()
  })
})

test('redrawing goes up exactly as many lines as were drawn; other text scrolls by above', () => {
  let written = ''
  const redraw = new Redraw((text) => (written += text))
  redraw.draw(['a', 'b', 'c'])
  written = ''
  redraw.draw(['d'])
  expect(written).toContain('\u001B[3A')
  written = ''
  redraw.above('from a handler')
  expect(written).toContain('\u001B[1A\r\u001B[Jfrom a handler\n')
  expect(written).toContain('d\u001B[K\n')
  redraw.end()
  expect(written).toContain('\u001B[?25h')
})

test('text is measured, cut and made safe', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 30 }), (text, width) => {
      const safe = printable(text)
      expect(cells(clip(safe, width))).toBeLessThanOrEqual(width)
      expect(cells(fit(safe, width))).toBeLessThanOrEqual(width)
    }),
  )
  expect(printable('\u001B[2Jboo\n')).toBe('\\u001b[2Jboo\\n')
  expect([compact(0), compact(1234), compact(48_000), compact(3_100_000)]).toEqual(['0', '1.2k', '48k', '3.1M'])
  expect([span(0.42), span(12), span(3400), span(125_000)]).toEqual(['0.4ms', '12ms', '3.4s', '2m05s'])
  expect(sparkline([0, 5, undefined, 10], 10, 10)).toBe('▁▅ █')
})
