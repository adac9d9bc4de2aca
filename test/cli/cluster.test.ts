/**
 * `veltrix cluster` and `dev --kafka` as processes of their own, on real brokers.
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { Admin } from '@platformatic/kafka'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { missingKafka } from '../support/kafka-cluster.ts'
import { requirePart } from '../support/parts.ts'
import { testProject, type TestProject } from './project.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const checkout = fileURLToPath(new URL('../../examples/checkout', import.meta.url))
const patience = { timeout: 90_000, interval: 100 }
const timeout = 240_000

let project: TestProject
let missing: string | undefined
beforeAll(async () => {
  project = await testProject({ files: {} })
  missing = await missingKafka()
})
afterAll(async () => {
  if (missing === undefined) await veltrix('cluster', 'down')
  await project.remove()
}, 60_000)

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ran>
  out(): string
}

function started(args: readonly string[], nodeArgs: readonly string[] = []): Running {
  const env = { ...process.env, CHECKOUT_DIRECTORY: join(project.directory, 'checkout') }
  const child = spawn(process.execPath, [...nodeArgs, main, ...args], {
    cwd: project.directory,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [out, err] = ['', '']
  child.stdout!.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr!.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const ended = new Promise<Ran>((resolve) => child.on('close', (code) => resolve({ code, out, err })))
  onTestFinished(() => void child.kill('SIGKILL'))
  return { child, ended, out: () => out }
}

const veltrix = (...args: string[]): Promise<Ran> => {
  const child = spawn(process.execPath, [main, ...args], { cwd: project.directory, stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })))
}

const status = async (): Promise<any> => JSON.parse((await veltrix('cluster', 'status', '--json')).out)

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const promised = { settled: true, failedPublishes: 0, lost: 0, outOfOrder: 0, duplicateEffects: 0, drained: true }

/** Lets the shop work until orders were handled, however long that takes here; then it is asked to end. */
async function untilHandled(run: Running): Promise<Ran> {
  const handled = (): number => {
    const lines = run.out().split('\n').slice(0, -1)
    return Math.max(0, ...lines.map((line) => JSON.parse(line).lanes?.critical?.handled ?? 0))
  }
  await expect.poll(handled, { timeout: 150_000, interval: 200 }).toBeGreaterThan(50)
  run.child.kill('SIGTERM')
  return await run.ended
}

function summaryOf({ out }: Ran): Record<string, any> {
  return JSON.parse(out.trimEnd().split('\n').at(-1)!).summary
}

/** Does `work` with a tool that is not ours. */
async function asTool<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
  const { brokers } = await status()
  const admin = new Admin({ clientId: 'tool', bootstrapBrokers: brokers.map((each: any) => each.address) })
  try {
    return await work(admin)
  } finally {
    await admin.close()
  }
}

test(
  'in the foreground: it tells where the brokers are and what happens, others steer it, and kill -9 leaves nothing',
  { timeout },
  async (context) => {
    await requirePart(context, 'Kafka', () => missing)
    const up = started(['cluster', 'up', '--brokers', '1', '--port', '0'])
    await expect.poll(up.out, patience).toContain('KAFKA_BROKERS=127.0.0.1:')
    expect(up.out()).toMatch(/^Kafka \d\S+ \(KRaft\), 1 broker, kept by process \d+$/m)
    expect(up.out()).toMatch(/^1 +127\.0\.0\.1:\d+ +running +\d+ +controller$/m)

    const there = await status()
    expect(there).toMatchObject({ phase: 'up', keeper: up.child.pid, kind: 'kraft', controller: 1 })
    expect(isAlive(there.brokers[0].pid)).toBe(true)
    await asTool((admin) => admin.createTopics({ topics: ['kept'], partitions: 1, replicas: 1 }))

    const second = await veltrix('cluster', 'up', '--json')
    expect(second.code).toBe(1)
    expect(JSON.parse(second.out)).toMatchObject({ error: { code: 'VLX_CLUSTER_UP', keeper: up.child.pid } })
    const detached = await veltrix('cluster', 'up', '--detach')
    expect(detached.err).toContain('A cluster is up in')

    const paused = await veltrix('cluster', 'pause', '1')
    expect(paused.out).toMatch(/^1 +127\.0\.0\.1:\d+ +paused /m)
    await expect.poll(up.out, patience).toContain('broker 1 is stopped')
    expect((await veltrix('cluster', 'resume', '1')).out).toMatch(/^1 +127\.0\.0\.1:\d+ +running /m)

    const restarted = await veltrix('cluster', 'restart', '1', '--json')
    const { pid } = JSON.parse(restarted.out).brokers[0]
    expect(isAlive(there.brokers[0].pid)).toBe(false)
    expect(isAlive(pid)).toBe(true)
    await expect.poll(up.out, patience).toContain(`broker 1 runs (process ${pid})`)

    const none = await veltrix('cluster', 'kill', '7')
    expect(none.code).toBe(2)
    expect(none.err).toContain('There is no broker 7: this cluster has 1.')
    expect((await veltrix('cluster', 'kill', 'one')).err).toContain('<broker> cannot be "one"')

    up.child.kill('SIGKILL')
    await expect.poll(() => isAlive(pid), patience).toBe(false)
    const gone = await veltrix('cluster', 'status')
    expect(gone.code).toBe(1)
    expect(gone.err).toContain('No cluster is up in')
  },
)

test(
  'in the background: it comes up with what it had, the app runs on it, kill -9 of its keeper leaves nothing, and down ends it',
  { timeout },
  async (context) => {
    await requirePart(context, 'Kafka', () => missing)
    const differs = await veltrix('cluster', 'up', '--brokers', '3', '--detach', '--json')
    expect(differs.code).toBe(1)
    expect(JSON.parse(differs.out)).toMatchObject({ error: { code: 'VLX_CLUSTER_DIFFERS' } })

    const up = await veltrix('cluster', 'up', '--detach')
    expect(up.err).toMatch(/^broker 1 is up on 127\.0\.0\.1:\d+$/m)
    expect(up.out).toContain('It stays up until "veltrix cluster down".')
    expect(up.code).toBe(0)
    expect(await asTool((admin) => admin.listTopics())).toContain('kept')

    const run = await untilHandled(started(['dev', checkout, '--kafka', '--json']))
    expect(run.err).toMatch(/^Kafka: the cluster that is up in \.veltrix\/cluster \(127\.0\.0\.1:\d+\)\.$/m)
    expect(run.code).toBe(0)
    expect(summaryOf(run)).toMatchObject(promised)
    expect(await asTool((admin) => admin.listTopics())).toContain('checkout.orders.critical')

    const kept = await status()
    process.kill(kept.keeper, 'SIGKILL')
    await expect.poll(() => isAlive(kept.brokers[0].pid), patience).toBe(false)

    const fresh = await veltrix('cluster', 'up', '--detach', '--fresh', '--brokers', '1', '--port', '0')
    expect(fresh.code).toBe(0)
    expect(await asTool((admin) => admin.listTopics())).not.toContain('kept')
    const last = await status()
    const down = await veltrix('cluster', 'down')
    expect(down.out).toContain('ended the cluster in .veltrix/cluster; its data stays there.')
    expect(isAlive(last.brokers[0].pid)).toBe(false)
    await expect.poll(() => isAlive(last.keeper), patience).toBe(false)
    expect((await veltrix('cluster', 'down', '--json')).out).toBe(
      `${JSON.stringify({ directory: join(project.directory, '.veltrix/cluster'), wasUp: false })}\n`,
    )
  },
)

test(
  'dev --kafka where no cluster is up: starts one of three brokers, keeps its promises, and ends it',
  { timeout },
  async (context) => {
    await requirePart(context, 'Kafka', () => missing)
    const run = await untilHandled(started(['dev', checkout, '--kafka', '--json']))
    expect(run.err).toContain('Kafka: starting a cluster of 3 brokers for this run')
    const brokers = run.err.match(/(?<= is up on )127\.0\.0\.1:\d+/g)!
    expect(brokers).toHaveLength(3)
    expect(run.code).toBe(0)
    const summary = summaryOf(run)
    expect(summary).toMatchObject(promised)
    expect(summary.handled).toBeGreaterThan(summary.published)
    const after = await veltrix('dev', checkout, '--brokers', brokers.join(','), '--for', '1s')
    expect(after.err).toContain('nothing listens there')
  },
)

test('dev --kafka says what is missing or wrong before anything is started', { timeout: 60_000 }, async () => {
  const hide = `import { registerHooks } from 'node:module'
    registerHooks({ resolve(name, context, next) {
      if (name !== '@platformatic/kafka') return next(name, context)
      throw Object.assign(new Error('hidden'), { code: 'ERR_MODULE_NOT_FOUND' })
    } })`
  const hidden = ['--import', `data:text/javascript,${encodeURIComponent(hide)}`]
  const { code, err } = await started(['dev', checkout, '--kafka'], hidden).ended
  expect(code).toBe(4)
  expect(err).toContain('Run "npm install @platformatic/kafka@2"')
  expect(err).not.toContain('starting a cluster')
  const wrong = await veltrix('dev', checkout, '--brokers', 'nowhere')
  expect(wrong.code).toBe(2)
  expect(wrong.err).toContain('--brokers: kafka({ brokers }) has "nowhere"')
})

test('Docker has no ZooKeeper mode', async () => {
  const { code, err } = await veltrix('cluster', 'up', '--docker', '--zookeeper')
  expect(code).toBe(2)
  expect(err).toContain('--docker and --zookeeper cannot be combined')
})
