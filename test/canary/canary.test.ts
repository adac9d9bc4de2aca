/**
 * A canary on a simulated log and a virtual clock: outages, loss, duplicates and the clocks of brokers, to the millisecond.
 */
import { execFile } from 'node:child_process'
import { afterEach, expect, test } from 'vitest'
import { Canary, canaryTopics, exposition, lossOf, makeCanaryTopics } from '../../src/canary/index.ts'
import { offsetOf } from '../../src/canary/clock-offset.ts'
import { compile, event } from '../../src/config/index.ts'
import { VirtualClock } from '../../src/testing/index.ts'
import { simulatedTransport, type SimulatedFaults } from '../support/simulated-log.ts'
import { requirePart } from '../support/parts.ts'

const order = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } } as const
const config = compile({
  app: 'shop',
  lanes: { urgent: {}, bulk: {} },
  streams: {
    orders: {
      key: 'id',
      partitions: 3,
      replicationFactor: 2,
      events: { 'order.placed': event(order as never, { lane: 'urgent' }) },
    },
    parcels: { key: 'id', partitions: 1, events: { 'parcel.sent': event(order as never, { lane: 'bulk' }) } },
  },
  subscriptions: { billing: { events: ['order.placed'] } },
} as never)

let ending: (() => Promise<void>) | undefined
afterEach(() => ending?.())

async function running(faults: SimulatedFaults = {}, lostAfterMs = 5_000, wire = { latencyMs: 10 }) {
  const clock = new VirtualClock({ turns: 0 })
  const transport = simulatedTransport({ clock, latency: () => wire.latencyMs })
  const log = await transport.open({ clientId: 'canary' })
  const topics = canaryTopics(config)
  await Promise.all([makeCanaryTopics(log, topics), clock.advance(100)])
  const canary = new Canary({ log, clock, app: 'shop', topics, intervalMs: 1_000, lostAfterMs, run: 'one' })
  await Promise.all([canary.start(), clock.advance(20)])
  transport.cluster.faults = faults
  const stop = async (): Promise<void> => {
    ending = undefined
    const stopped = canary.stop(lostAfterMs)
    await clock.advance(lostAfterMs + 2_000)
    await stopped
    await Promise.all([log.close(), clock.advance(1_000)])
  }
  ending = stop
  return { clock, transport, log, canary, stop }
}

test('its topics are as wide as the widest stream of a lane, with its copies, and have names that no stream can have', () => {
  const topics = canaryTopics(config)
  expect(topics.map(({ lane, spec }) => [lane, spec.name, spec.partitions, spec.replicationFactor])).toEqual([
    ['urgent', 'shop._canary.urgent', 3, 2],
    ['bulk', 'shop._canary.bulk', 3, 2],
  ])
  expect(() => compile({ app: 'shop', streams: { _canary: {} } } as never)).toThrow(/_canary/)
})

test('on a log that is well every probe is acknowledged and read, and latency is what it is', async () => {
  const { clock, canary, stop, transport } = await running()
  await clock.advance(10_000)
  await stop()
  const { lanes, partitions } = canary.report()
  expect(partitions).toHaveLength(6)
  for (const lane of lanes) {
    expect(lane).toMatchObject({ availability: 1, missing: 0, lost: 0, duplicates: 0, outOfOrder: 0, inFlight: 0 })
    expect(lane.acknowledged).toBe(lane.attempts)
    expect(lane.seen).toBe(lane.attempts)
    // There and back, 10 ms each.
    expect(lane.ackMs).toMatchObject({ max: 20 })
    expect(lane.attempts).toBeGreaterThanOrEqual(30)
  }
  expect(lossOf(canary.report())).toBe(0)
  const stored = [...transport.cluster.topics.keys()]
  expect(stored).toEqual(['shop._canary.urgent', 'shop._canary.bulk'])
})

test('an outage is counted and survived: refused or unknown', async () => {
  const { clock, transport, canary, stop } = await running()
  await clock.advance(3_000)
  transport.cluster.faults = { append: ([record]) => (record!.topic.endsWith('urgent') ? 'refused' : 'vanished') }
  await clock.advance(4_000)
  transport.cluster.faults = {}
  await clock.advance(3_000)
  await stop()
  const report = canary.report()
  const [urgent, bulk] = report.lanes
  expect(urgent).toMatchObject({ failed: 12, unknown: 0, lost: 0, missing: 0 })
  expect(bulk).toMatchObject({ failed: 0, unknown: 12, lost: 0, missing: 0 })
  expect(urgent!.availability).toBeCloseTo((urgent!.attempts - 12) / urgent!.attempts, 10)
  expect(urgent!.longestGapMs).toBeGreaterThanOrEqual(4_000)
  expect(report.partitions[0]!.lastError).toContain('append')
  expect(lossOf(report)).toBeCloseTo(24 / (urgent!.attempts + bulk!.attempts), 10)
})

test('while one hangs no other is sent to its partition, and that counts as unavailable', async () => {
  const wire = { latencyMs: 10 }
  const { clock, canary, stop } = await running({}, 10_000, wire)
  await clock.advance(2_000)
  // There and back in 3 s, and one was due every second.
  wire.latencyMs = 1_500
  await clock.advance(9_000)
  wire.latencyMs = 10
  await clock.advance(4_000)
  await stop()
  const [urgent] = canary.report().lanes
  expect(urgent!.skipped).toBeGreaterThanOrEqual(3 * 5)
  expect(urgent).toMatchObject({ failed: 0, unknown: 0, missing: 0, inFlight: 0, ackMs: { max: 3_000 } })
  expect(urgent!.availability).toBeCloseTo(1 - urgent!.skipped / urgent!.attempts, 10)
})

test('an acknowledged probe that is not read in time is lost, and late when it comes after all', async () => {
  const { clock, transport, canary, stop } = await running({ read: () => ({ unavailable: true }) }, 3_000)
  await clock.advance(8_000)
  const during = canary.report()
  expect(during.lanes[0]).toMatchObject({ availability: 1, late: 0 })
  expect(during.lanes[0]!.lost).toBeGreaterThan(0)
  expect(during.lanes[0]!.missing).toBe(during.lanes[0]!.lost)
  expect(during.readFailures).toBeGreaterThan(0)
  transport.cluster.faults = {}
  await clock.advance(3_000)
  await stop()
  const [urgent] = canary.report().lanes
  expect(urgent!.late).toBe(urgent!.lost)
  expect(urgent).toMatchObject({ missing: 0, pending: 0, duplicates: 0 })
})

test('records that vanish after they were acknowledged are missing', async () => {
  const { clock, canary, stop, transport } = await running({}, 3_000)
  await clock.advance(10_000)
  transport.cluster.faults = { read: () => ({ unavailable: true }) }
  await clock.advance(2_500)
  const before = canary.report()
  // As after an unclean election: the partitions begin anew.
  transport.cluster.topics.clear()
  transport.cluster.createTopics(canaryTopics(config).map(({ spec }) => spec))
  transport.cluster.faults = {}
  await clock.advance(6_000)
  await stop()
  const report = canary.report()
  for (const lane of report.lanes) expect(lane.missing).toBeGreaterThanOrEqual(3)
  expect(lossOf(report)).toBeGreaterThan(0)
  // Reading goes on at the new end, which is before the old one.
  for (const [place, lane] of report.lanes.entries()) {
    expect(lane.seen - before.lanes[place]!.seen).toBeGreaterThanOrEqual(3 * 4)
  }
})

test('probes of others, and what is no probe, are not counted', async () => {
  const { clock, log, canary, stop } = await running()
  const record = { topic: 'shop._canary.bulk', partition: 0, key: null, headers: [], timestamp: 0 }
  const value = (text: string): Uint8Array => new TextEncoder().encode(text)
  const foreign = ['{"run":"two","number":1}', 'no json', '7', 'null', '{"run":"one","number":99999}']
  const appended = log.append([
    ...foreign.map((text) => ({ ...record, value: value(text) })),
    { ...record, value: null },
  ])
  await Promise.all([appended, clock.advance(3_000)])
  await stop()
  expect(canary.report().lanes[1]).toMatchObject({ duplicates: 0, outOfOrder: 0, unacknowledged: 0, missing: 0 })
})

test('the difference of clocks lies within the bounds that a probe gives', () => {
  for (const [ahead, sent] of [-60_000, -3, 0, 0.9, 2.5, 1_000].flatMap((each) => [
    [each, 1_000] as const,
    [each, 1_000.9] as const,
  ])) {
    for (const [there, back] of [
      [0, 0],
      [0.3, 40],
      [40, 0.3],
    ] as const) {
      const bracket = {
        sentWall: Math.floor(sent),
        storedAt: Math.floor(sent + there + ahead),
        acknowledgedWall: Math.floor(sent + there + back),
      }
      const { offsetMs, withinMs } = offsetOf(bracket)
      expect(Math.abs(offsetMs - ahead)).toBeLessThanOrEqual(withinMs)
      expect(withinMs).toBeLessThanOrEqual((there + back) / 2 + 2)
    }
  }
})

test('the exposition is what promtool accepts, with the numbers of the report', async (context) => {
  await requirePart(context, 'promtool', missingPromtool)
  const { clock, canary, stop } = await running()
  await clock.advance(4_000)
  await stop()
  const text = exposition(canary, clock.monotonic())
  expect(await promtool(text)).toEqual({ code: 0, said: '' })
  const [partition] = canary.report().partitions
  const labels = 'app="shop",lane="urgent",partition="0"'
  expect(text).toContain(`veltrix_canary_probes_total{${labels},outcome="acknowledged"} ${partition!.acknowledged}\n`)
  expect(text).toContain(`veltrix_canary_publish_duration_seconds_count{${labels}} ${partition!.acknowledged}\n`)
  expect(text).toContain(`veltrix_canary_publish_duration_seconds_bucket{${labels},le="0.01"} 0\n`)
  expect(text).toContain(
    `veltrix_canary_publish_duration_seconds_bucket{${labels},le="0.025"} ${partition!.acknowledged}\n`,
  )
  // One that cannot be right is refused: the check checks.
  expect((await promtool(text.replaceAll('veltrix_canary_seen_total', 'veltrix_canary_seen'))).code).not.toBe(0)
})

async function missingPromtool(): Promise<string | undefined> {
  const { code } = await promtool('').catch(() => ({ code: -1 }))
  return code === -1 ? 'promtool is not on the PATH (Debian: apt-get install prometheus)' : undefined
}

/** Checks by `promtool check metrics`. @throws when it is not there */
function promtool(text: string): Promise<{ code: number; said: string }> {
  return new Promise((resolve, reject) => {
    const child = execFile('promtool', ['check', 'metrics'], (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(error)
      else resolve({ code: (error?.code as number | undefined) ?? 0, said: stdout + stderr })
    })
    child.stdin!.on('error', () => {})
    child.stdin!.end(text)
  })
}
