/**
 * Findings of `veltrix doctor`: certificates, drift, positions that stand still, probes, disks and copies.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock, type Clock } from '../../src/clock.ts'
import { certificateFindings, certificatePaths, certificatesIn } from '../../src/cli/doctor/certificates.ts'
import { diskFindings, growth } from '../../src/cli/doctor/disks.ts'
import { clockFindings } from '../../src/cli/doctor/probes.ts'
import { brokerFindings, replicaFindings } from '../../src/cli/doctor/replicas.ts'
import type { BrokerHealth, ClusterHealth, TopicHealth } from '../../src/transport/index.ts'
import { Authority, missingOpenssl } from '../support/certificates.ts'
import { requirePart } from '../support/parts.ts'
import { fakeShell, veltrix, type Ran } from './fake-shell.ts'
import { appFile, testProject, typedFile, type TestProject } from './project.ts'

const dayMs = 86_400_000
const GiB = 1024 ** 3

let project: TestProject
beforeEach(async () => {
  project = await testProject()
})
afterEach(() => project.remove())

const run = (args: readonly string[], clock?: Clock): Promise<Ran> =>
  veltrix(args, fakeShell({ cwd: project.directory, ...(clock === undefined ? {} : { clock }) }))
const findings = async (...args: string[]): Promise<any[]> =>
  (await run(['doctor', '--json', ...args])).json()[0].findings
const of = (check: string, all: readonly any[]): any[] => all.filter((finding) => finding.check === check)

/** This machine's clock, set wrong. */
function shifted(byMs: number): Clock {
  return {
    now: () => systemClock.now() + byMs,
    monotonic: () => systemClock.monotonic(),
    setTimer: (delayMs, fire, options) => systemClock.setTimer(delayMs, fire, options),
    yield: () => systemClock.yield(),
  }
}

describe('certificates', () => {
  let directory: string
  let haproxy: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'veltrix-doctor-'))
    if ((await missingOpenssl()) !== undefined) return
    const authority = await Authority.make(directory)
    const good = await authority.sign('/CN=gateway', 'DNS:gateway')
    const expired = await authority.sign('/CN=old', 'DNS:old', { expired: true })
    await writeFile(join(directory, 'good.pem'), good.key + good.cert)
    await writeFile(join(directory, 'expired.pem'), expired.cert)
    haproxy = join(directory, 'haproxy.cfg')
    const lines = [
      'global',
      `  crt-base ${directory}`,
      'frontend events',
      `  bind :443 ssl crt good.pem alpn h2 ca-file ${join(directory, 'expired.pem')} verify required`,
      '  # bind :444 ssl crt /not/there.pem',
      '  server a 10.0.0.1:1 ssl ca-file @system-ca',
    ]
    await writeFile(haproxy, lines.join('\n'))
  }, 60_000)
  afterAll(() => rm(directory, { recursive: true, force: true }))

  test('those that a configuration of HAProxy names: one expired, one that expires soon', async (context) => {
    await requirePart(context, 'openssl', missingOpenssl)
    const { code, json } = await run(['doctor', '--json', '--haproxy', haproxy])
    expect(code).toBe(1)
    expect(of('certificates', json()[0].findings)).toEqual([
      // Signed for 30 days, of which some moments are over.
      {
        check: 'certificates',
        status: 'warn',
        says: expect.stringMatching(/good\.pem \(CN=gateway\): expires in 30d$/),
        mend: expect.stringContaining('Replace it before'),
      },
      {
        check: 'certificates',
        status: 'wrong',
        says: expect.stringMatching(/expired\.pem \(CN=old\): expired .* ago$/),
        mend: expect.stringContaining('Replace it now'),
      },
    ])
  })

  test('a week before its end it is wrong, and before its beginning too', async (context) => {
    await requirePart(context, 'openssl', missingOpenssl)
    const good = join(directory, 'good.pem')
    const at = async (byMs: number) =>
      of('certificates', (await run(['doctor', '--json', '--certificate', good], shifted(byMs))).json()[0].findings)
    expect(await at(24 * dayMs)).toMatchObject([{ status: 'wrong', says: expect.stringContaining('expires in 6d') }])
    expect(await at(-2 * dayMs)).toMatchObject([{ status: 'wrong', says: expect.stringContaining('holds only from') }])
  })

  test('a file that is not there, or has none, is a finding; a configuration that is not there a usage error', async () => {
    const named = await certificatesIn(['nothing.pem', 'veltrix.config.ts', '.'], project.directory)
    expect(named.named).toEqual([])
    expect(named.findings.map(({ status, says }) => [status, says])).toEqual([
      ['wrong', expect.stringContaining('ENOENT')],
      ['wrong', expect.stringContaining('there is no certificate (PEM)')],
      ['wrong', expect.stringContaining('no certificate in this directory')],
    ])
    expect((await run(['doctor', '--haproxy', 'missing.cfg'])).code).toBe(2)
  })

  test('that hold for long are one line', () => {
    const now = Date.UTC(2026, 5, 1)
    const state = (days: number) => ({ subject: 'CN=a', validFrom: now - dayMs, validTo: now + days * dayMs })
    expect(certificateFindings([], now)).toEqual([])
    expect(
      certificateFindings(
        [
          { of: 'a', state: state(90) },
          { of: 'b', state: state(31) },
        ],
        now,
      ),
    ).toEqual([{ check: 'certificates', status: 'ok', says: '2 certificates, the first expires in 31d' }])
    expect(certificatePaths('bind :1 ssl crt "/a b/c.pem"\nserver x y:1 ssl crt /d.pem ca-file ca.pem')).toEqual([
      '/a b/c.pem',
      '/d.pem',
      'ca.pem',
    ])
  })
})

const zodFile = (schema: string): string =>
  typedFile(project.directory)
    .replace('const order = {', `import { z } from 'zod'\nconst unused = {`)
    .replaceAll('event(order as any', `event(${schema} as any`)

describe('drift', () => {
  test('settings and schemas that are not as they were applied', async () => {
    await project.write('veltrix.config.ts', zodFile('z.object({ orderId: z.string(), total: z.number().optional() })'))
    expect(of('schemas', await findings())).toEqual([])
    await run(['publish', 'order.placed', '--field', 'orderId=o-1'])
    expect(of('schemas', await findings())).toMatchObject([
      { status: 'ok', says: expect.stringContaining('none is recorded') },
    ])
    expect((await run(['apply', '--yes'])).code).toBe(0)
    const applied = await findings()
    expect(of('schemas', applied)).toMatchObject([{ status: 'ok', says: '2 schemas as recorded, of 2 events' }])
    expect(of('topology', applied)).toMatchObject([{ status: 'ok' }])

    await project.write(
      'wider.ts',
      zodFile('z.object({ orderId: z.string() })').replace('partitions: 3,', "partitions: 3, retention: '1d',"),
    )
    const wider = await run(['doctor', '--json', '--app', 'wider.ts'])
    expect(wider.code).toBe(0)
    expect(of('schemas', wider.json()[0].findings)).toMatchObject([
      { status: 'warn', says: 'not as recorded, and readable: order.placed, order.exported' },
    ])
    expect(of('topology', wider.json()[0].findings)).toMatchObject([
      {
        status: 'warn',
        says: expect.stringContaining('shop.orders.critical retention.ms'),
        mend: expect.stringContaining('veltrix apply'),
      },
    ])

    await project.write('breaking.ts', zodFile('z.object({ orderId: z.string(), total: z.string() })'))
    const breaking = await run(['doctor', '--json', '--app', 'breaking.ts'])
    expect(breaking.code).toBe(1)
    expect(of('schemas', breaking.json()[0].findings)[0]).toMatchObject({
      status: 'wrong',
      says: expect.stringMatching(/^event order\.(placed|exported): schema breaks readers of stored events: .*total/),
      mend: expect.stringContaining('new event type'),
    })
  }, 60_000)
})

test('a position that stands still while a worker holds it is named; one that moves is not', async () => {
  const go = JSON.stringify(join(project.directory, 'go'))
  const untilGo = `while (!(await import('node:fs')).existsSync(${go})) await new Promise((resolve) => setTimeout(resolve, 20))`
  await project.write('app.ts', appFile({ billing: untilGo }))
  await run(['publish', 'order.placed', '--field', 'orderId=o-1'])
  expect(of('lag', await findings())).toContainEqual({
    check: 'lag',
    status: 'warn',
    says: expect.stringMatching(/^billing: 1 event wait and no worker runs: critical 1 \(oldest .*\)$/),
    mend: expect.stringContaining('Start the app'),
  })
  const dev = fakeShell({ cwd: project.directory })
  const session = veltrix(['dev', 'app.ts', '--no-gateway', '--json'], dev)
  try {
    const stalls = async (): Promise<any> => of('stalls', await findings('--observe', '300ms'))[0]
    await expect.poll(async () => (await stalls()).status, { timeout: 30_000 }).toBe('warn')
    const { says, mend } = await stalls()
    expect(says).toMatch(
      /^1 position did not move for 300ms while events wait: shop\.orders\.critical\/\d \(billing, 1 event, held by .+\)$/,
    )
    expect(mend).toContain('Restart one that nothing explains')
    await project.write('go', '')
    await expect.poll(async () => (await stalls()).says, { timeout: 30_000 }).toBe('nothing waits where a worker is')
  } finally {
    await project.write('go', '')
    dev.signal('SIGTERM')
    await session
  }
}, 90_000)

test('--probe stores and reads on every partition, and leaves only topics of the canary', async () => {
  await run(['publish', 'order.placed', '--field', 'orderId=o-1'])
  expect(of('probes', await findings())).toEqual([])
  expect(of('probes', await findings('--probe'))[0].says).toMatch(
    /^[1-9]\d* probes through 9 partitions and back, the slowest in /,
  )
  expect((await run(['canary', '--remove', '--json'])).json()[0].removed).toHaveLength(3)
  expect(of('growth', await findings())).toMatchObject([
    { status: 'ok', says: expect.stringMatching(/^the log takes \d/) },
  ])
}, 60_000)

describe('a cluster', () => {
  const broker = (id: number | undefined, more: Partial<BrokerHealth> = {}): BrokerHealth => ({
    ...{ id, address: `kafka-${id ?? 'old'}:9092`, trouble: undefined, answerMs: 3, disks: undefined },
    ...{ certificate: undefined, ...more },
  })
  const topic = (partitions: TopicHealth['partitions'], more: Partial<TopicHealth> = {}): TopicHealth => ({
    ...{ name: 'shop.orders.critical', isInternal: false, minInsyncReplicas: 2, partitions, ...more },
  })
  const all = [1, 2, 3]
  const state = (topics: readonly TopicHealth[], brokers = all.map((id) => broker(id))): ClusterHealth => ({
    ...{ topics, brokers, ownCertificate: undefined },
  })
  const texts = (found: readonly { status: string; says: string }[]) =>
    found.map(({ status, says }) => `${status} ${says}`)

  test('copies: all well, then each trouble by itself', () => {
    const well = state([topic([{ replicas: all, inSync: all, leader: 1 }])])
    expect(texts(replicaFindings(well))).toEqual(['ok 1 partition, every copy in sync, led by the preferred brokers'])
    const cases: [TopicHealth['partitions'][number], string[]][] = [
      [{ replicas: all, inSync: [], leader: undefined }, ['wrong 1 partition without a leader']],
      [
        { replicas: all, inSync: [1], leader: 1 },
        ['wrong 1 partition with fewer copies in sync', 'warn 1 partition under-replicated'],
      ],
      [{ replicas: all, inSync: [1, 3], leader: 1 }, ['warn 1 partition under-replicated']],
      [{ replicas: all, inSync: all, leader: 2 }, ['warn 1 partition not led by the preferred broker']],
      // One copy is all there is: no more can be in sync, whatever the setting says.
      [{ replicas: [2], inSync: [2], leader: 2 }, ['ok 1 partition']],
    ]
    for (const [partition, beginnings] of cases) {
      const found = texts(replicaFindings(state([topic([partition])])))
      expect(found).toEqual(beginnings.map((beginning) => expect.stringMatching(new RegExp(`^${beginning}`))))
    }
  })

  test('brokers: missing, silent, and an address that is nobody any more', () => {
    const topics = [topic([{ replicas: all, inSync: [1], leader: 1 }])]
    expect(texts(brokerFindings(state(topics)))).toEqual(['ok 3 brokers answer, the slowest in 3 ms'])
    const trouble = 'nothing listens there'
    const some = [broker(1), broker(2, { trouble }), broker(undefined, { trouble })]
    expect(texts(brokerFindings(state(topics, some)))).toEqual([
      'wrong broker 3 is not in the cluster; 1 partition have a copy on it',
      'wrong broker 2 at kafka-2:9092 does not answer: nothing listens there',
      'warn kafka-old:9092 of the typed file does not answer: nothing listens there',
    ])
  })

  test('disks: little and very little room, one that fails, and brokers that do not say', () => {
    const disk = (more: object) =>
      broker(1, {
        disks: [{ path: '/data', usedBytes: GiB, totalBytes: 100 * GiB, freeBytes: 50 * GiB, isWell: true, ...more }],
      })
    expect(texts(diskFindings([broker(1)]))).toEqual([])
    expect(texts(diskFindings([disk({})]))).toEqual([
      'ok 1 disk of the brokers, 1.0 GiB of topics, at least 50 GiB free on each',
    ])
    expect(texts(diskFindings([disk({ freeBytes: 9 * GiB })]))).toEqual(['warn broker 1, /data: 9.0 GiB free'])
    expect(texts(diskFindings([disk({ freeBytes: 1000 })]))).toEqual(['wrong broker 1, /data: 1000 B free'])
    expect(texts(diskFindings([disk({ isWell: false })]))).toEqual(['wrong broker 1, /data: the broker cannot use it'])
    expect(diskFindings([disk({ freeBytes: undefined, totalBytes: undefined })])[0]!.says).toContain('not told')
  })

  test('clocks: only what the round trip cannot explain', () => {
    const clocks = (offsetMs: number, withinMs: number) =>
      texts(clockFindings({ clocks: [{ broker: 2, offsetMs, withinMs }] }))
    expect(clocks(5_000, 4_500)).toEqual(["ok those of 1 broker are within 9.5s of this machine's"])
    expect(clocks(-5_000, 10)).toEqual(['warn broker 2 is 5.0s behind this machine (± 10ms)'])
    expect(clocks(120_000, 10)).toEqual(['wrong broker 2 is 2m00s ahead of this machine (± 10ms)'])
  })
})

test('growth: by a day, of logs that are old enough to tell', async () => {
  await writeFile(join(project.directory, 'log.db'), Buffer.alloc(1024 ** 2))
  const now = Date.UTC(2026, 5, 1)
  const at = (oldest: number | undefined, free: number) => growth(project.directory, free, { oldest, now })
  expect((await at(undefined, 1)).says).toBe('the log takes 1.0 MiB')
  expect((await at(now - 60_000, 1)).status).toBe('ok')
  expect(await at(now - dayMs / 2, 10 * GiB)).toMatchObject({
    status: 'ok',
    says: expect.stringContaining('2.0 MiB a day'),
  })
  expect(await at(now - dayMs / 2, 1024)).toMatchObject({
    status: 'warn',
    says: expect.stringContaining('more than the 1.0 KiB'),
  })
})
