/** Spans that have no room, with the SDK's own batches behind. */
import * as sdk from '@opentelemetry/sdk-trace'
import { expect, test } from 'vitest'
import { SpanGate } from '../../src/otel/span-gate.ts'

test('what has no room while an export is on its way is counted, and told with the next; the rest goes out', async () => {
  let exported = 0
  const held: (() => void)[] = []
  const exporter: sdk.SpanExporter = {
    export(spans, done) {
      exported += spans.length
      held.push(() => done({ code: 0 }))
    },
    shutdown: () => Promise.resolve(),
  }
  const told: string[] = []
  const gate = new SpanGate(sdk, exporter, (error) => told.push((error as Error).message))
  const provider = new sdk.TracerProvider({ spanProcessors: [gate] })
  const tracer = provider.getTracer('test')
  const make = (count: number): void => {
    for (let n = 0; n < count; n++) tracer.startSpan('one').end()
  }
  // The first batch is on its way, 2,048 wait behind it, and 440 have no room.
  make(3_000)
  expect([exported, told]).toEqual([512, []])
  held.shift()!()
  const dropped = (count: number) => `${count} spans were dropped: 2048 were waiting to be exported.`
  await expect.poll(() => [exported, told]).toEqual([1_024, [dropped(440)]])
  // 512 have left, and what is dropped after that is told at the end.
  make(512 + 7)
  const flushed = provider.shutdown()
  await expect.poll(() => exported).toBe(3_000 - 440 + 512)
  for (const release of held) release()
  await flushed
  expect(told).toEqual([dropped(440), dropped(7)])
})
