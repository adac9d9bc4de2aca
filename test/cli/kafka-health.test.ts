/**
 * health, canary and doctor on three real brokers, one of which is killed.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock, type Clock } from '../../src/clock.ts'
import { KafkaCluster, missingKafka } from '../support/kafka-cluster.ts'
import { inCi } from '../support/parts.ts'
import { fakeShell, veltrix, type FakeShell, type Ran } from './fake-shell.ts'
import { testProject, typedFile, type TestProject } from './project.ts'

const missing = await missingKafka()
const door = new URL('../../src/transport/kafka/index.ts', import.meta.url).href

let cluster: KafkaCluster
let project: TestProject

beforeAll(async () => {
  if (missing !== undefined) {
    if (inCi) throw new Error(`Kafka is required with CI=true: ${missing}`)
    return
  }
  cluster = await KafkaCluster.start()
  project = await testProject({ files: {} })
  await project.write('veltrix.config.ts', onKafka())
}, 180_000)
afterAll(async () => {
  await cluster?.stop()
  await project?.remove()
})

function onKafka(change: (text: string) => string = (text) => text): string {
  const transport = `kafka({ brokers: ${JSON.stringify(cluster.brokers)} })`
  return change(typedFile(project.directory))
    .replace(/transport: embedded\(.*\),/, `transport: ${transport},`)
    .replace('export default', `import { kafka } from '${door}'\nexport default`)
}

/** Of a machine that is 10 minutes behind. */
const slowClock: Clock = {
  now: () => systemClock.now() - 600_000,
  monotonic: () => systemClock.monotonic(),
  setTimer: (delayMs, fire, options) => systemClock.setTimer(delayMs, fire, options),
  yield: () => systemClock.yield(),
}

const shell = (): FakeShell => fakeShell({ cwd: project.directory })
const run = (...args: string[]): Promise<Ran> => veltrix(args, shell())
const flat = (text: string): string => text.replaceAll(/\s+/g, ' ')

test.skipIf(missing !== undefined)(
  'a killed broker: named, counted, and waited for',
  { timeout: 300_000 },
  async () => {
    expect(await run('apply', '--yes')).toMatchObject({ code: 0 })
    // Copies come into sync one after the other.
    expect(await run('health', '--exit-when-healthy', '--interval', '200ms')).toMatchObject({ code: 0 })
    const well = await run('doctor', '--probe', '--json')
    expect(well.json()[0].findings.filter(({ status }: any) => status === 'wrong')).toEqual([])
    expect(well.code).toBe(0)
    const checks = new Map(well.json()[0].findings.map(({ check, status, says }: any) => [check, `${status} ${says}`]))
    expect(checks.get('brokers')).toMatch(/^ok 3 brokers answer/)
    expect(checks.get('replicas') ?? checks.get('leaders')).toBeDefined()
    expect(checks.get('disk')).toMatch(/^(ok \d+ disks of the brokers|warn broker \d, .* free)/)
    expect(checks.get('probes')).toMatch(/^ok \d+ probes through 9 partitions and back/)
    expect(checks.get('clocks')).toMatch(/^ok those of 3 brokers are within/)
    // Seen from a machine whose clock is 10 minutes slow, all brokers are fast.
    const slow = await veltrix(['doctor', '--probe', '--json'], fakeShell({ cwd: project.directory, clock: slowClock }))
    const clocks = slow.json()[0].findings.filter(({ check }: any) => check === 'clocks')
    expect(clocks.map(({ status, says }: any) => `${status} ${says}`)).toEqual(
      [1, 2, 3].map((id) => expect.stringMatching(`^wrong broker ${id} is (10m0|9m5).s ahead of this machine`)),
    )

    const watching = shell()
    const canary = veltrix(['canary', '--json', '--interval', '100ms', '--report', '200ms'], watching)
    const reports = (): any[] =>
      watching.stdout.text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as unknown)
    const until = { timeout: 60_000, interval: 100 }
    const seenEach = (): number =>
      Math.min(0, ...(reports().at(-1)?.partitions ?? []).map(({ seen }: any) => seen - 10))
    await expect.poll(() => reports().length > 0 && seenEach(), until).toBe(0)
    const before = reports().at(-1)
    expect(new Set(before.partitions.map(({ leader }: any) => leader)).size).toBe(3)
    // This machine's own clock, seen by way of each broker.
    expect(before.clocks.map(({ broker }: any) => broker)).toEqual([1, 2, 3])
    for (const { offsetMs, withinMs } of before.clocks) expect(Math.abs(offsetMs)).toBeLessThanOrEqual(withinMs)

    await cluster.kill(2)
    const { code, out } = await run('health')
    expect(code).toBe(10)
    expect(flat(out)).toMatch(/broker 2|127\.0\.0\.1:\d+ of the typed file/)
    const waiting = veltrix(
      ['health', '--watch', '--exit-when-healthy', '--interval', '200ms', '--timeout', '4m', '--json'],
      shell(),
    )

    // Until the cluster has taken it out: then copies are missing.
    const doctor = async (): Promise<string> => flat((await run('doctor')).out)
    await expect.poll(doctor, { timeout: 60_000, interval: 500 }).toContain('broker 2 is not in the cluster')
    const told = await run('doctor', '--json')
    expect(told.code).toBe(1)
    const { healthy, findings } = told.json()[0]
    expect(healthy).toBe(false)
    const of = (check: string): any[] => findings.filter((finding: any) => finding.check === check)
    expect(of('brokers')).toContainEqual({
      check: 'brokers',
      status: 'wrong',
      says: expect.stringMatching(/^broker 2 is not in the cluster; \d+ partitions have a copy on it$/),
      mend: expect.stringContaining('Start broker 2'),
    })
    expect(
      of('brokers')
        .map(({ says }) => says)
        .join(),
    ).toContain(`${cluster.brokers[1]} of the typed file does not answer`)
    expect(of('replicas')).toContainEqual({
      check: 'replicas',
      status: 'warn',
      says: expect.stringContaining('under-replicated: '),
      mend: expect.stringContaining('Start the brokers that are down'),
    })
    // Who has another leader now is served again.
    const served = reports().at(-1).lanes[0].seen
    await expect.poll(() => reports().at(-1).lanes[0].seen, until).toBeGreaterThan(served + 20)

    await cluster.restart(2)
    const waited = await waiting
    expect(waited.code).toBe(0)
    expect(
      waited
        .json()
        .map(({ healthy: isWell }) => isWell as boolean)
        .filter(Boolean),
    ).toEqual([true])
    await expect
      .poll(
        () =>
          reports()
            .at(-1)
            .partitions.every(({ inFlight, pending }: any) => inFlight + pending <= 1),
        until,
      )
      .toBe(true)
    watching.signal('SIGTERM')
    expect((await canary).code).toBe(0)
    const last = reports().at(-1)
    const sum = (of: string): number => last.lanes.reduce((total: number, lane: any) => total + lane[of], 0)
    // The outage is counted, and nothing that was acknowledged is missing.
    expect(sum('skipped') + sum('failed') + sum('unknown')).toBeGreaterThan(0)
    expect(Math.min(...last.lanes.map(({ availability }: any) => availability))).toBeLessThan(1)
    expect(Math.max(...last.lanes.map(({ longestGapMs }: any) => longestGapMs))).toBeGreaterThan(500)
    expect([sum('missing'), sum('pending'), sum('outOfOrder')]).toEqual([0, 0, 0])
    expect(sum('acknowledged')).toBe(sum('seen') + sum('lost'))
    expect(last.loss).toBeGreaterThan(0)
  },
)

test.skipIf(missing !== undefined)('a broker that stands still is named in time', { timeout: 120_000 }, async () => {
  const watching = shell()
  const canary = veltrix(
    ['canary', '--for', '15s', '--max-loss', '1%', '--interval', '100ms', '--report', '100ms', '--json'],
    watching,
  )
  await expect.poll(() => watching.stdout.text, { timeout: 60_000 }).toMatch(/"seen":[1-9]/)
  await cluster.pause(3)
  try {
    const begun = systemClock.monotonic()
    const { code, out } = await run('health')
    expect(code).toBe(10)
    expect(flat(out)).toContain(`broker 3 at ${cluster.brokers[2]} does not answer: no answer within 2000 ms`)
    expect(systemClock.monotonic() - begun).toBeLessThan(40_000)
  } finally {
    await cluster.resume(3)
  }
  // While it stood still nothing was stored in the partitions it led.
  const checked = await canary
  expect(checked.code).toBe(10)
  expect(checked.json().at(-1)).toMatchObject({ final: true, healthy: false })
})
