/**
 * Three gateways behind a real HAProxy, each a process of its own on one log, under steady requests while something becomes of one of
 * them. What is counted is what clients see that never try again.
 */
import { Agent } from 'node:http'
import { afterAll, expect, test, type TestContext } from 'vitest'
import { veltrix } from '../../src/index.ts'
import { testProject, type TestProject } from '../cli/project.ts'
import { GatewayProcess } from '../support/gateway-process.ts'
import { Haproxy, missingHaproxy, quietPorts } from '../support/haproxy.ts'
import { HttpLoad, post } from '../support/http-load.ts'
import { requirePart } from '../support/parts.ts'

interface Site {
  readonly project: TestProject
  readonly haproxy: Haproxy
  readonly gateways: readonly [GatewayProcess, GatewayProcess, GatewayProcess]
}

let site: Promise<Site> | undefined

/** The same for all tests, started by the first. */
async function running(context: TestContext): Promise<Site> {
  await requirePart(context, 'haproxy', missingHaproxy)
  site ??= start()
  return site
}

async function start(): Promise<Site> {
  const project = await testProject()
  const ports = await quietPorts(3)
  const gateways = ports.map((port) => new GatewayProcess(project.directory, port)) as unknown as Site['gateways']
  // The first owns the log.
  for (const gateway of gateways) await gateway.start()
  const list = ports.map((port) => `127.0.0.1:${port}`).join()
  const haproxy = await Haproxy.start(['--gateway', list, '--check-interval', '200ms', '--answer-timeout', '5s'])
  for (const name of ['gateway1', 'gateway2', 'gateway3']) await haproxy.sees(name, 'UP')
  return { project, haproxy, gateways }
}

afterAll(async () => {
  if (site === undefined) return
  const { project, haproxy, gateways } = await site
  await haproxy.stop()
  for (const gateway of gateways) {
    gateway.signal('SIGCONT')
    await gateway.end('SIGKILL')
  }
  await project.remove()
})

/** Orders by how often they are on the log. */
async function stored({ project }: Site): Promise<ReadonlyMap<string, number>> {
  const { default: config } = await import(`${project.directory}/veltrix.config.ts`)
  const app = veltrix(config)
  const log = await app.open()
  const topics = [...app.config.streams.values()].flatMap((stream) => [...stream.topics.values()])
  const found = new Map<string, number>()
  for (const { topic, partition, end } of await log.admin.offsets(topics)) {
    for (let offset = 0; offset < end;) {
      const read = await log.read({ topic, partition, offset, maxBytes: 1 << 20, maxWaitMs: 1_000 })
      for (const { value } of read.records) {
        const { orderId } = JSON.parse(Buffer.from(value!).toString()) as { orderId: string }
        found.set(orderId, (found.get(orderId) ?? 0) + 1)
      }
      offset = read.nextOffset
    }
  }
  await app.stop()
  return found
}

/** Every accepted event is on the log once, and none is there twice. */
async function expectOnce({ accepted }: HttpLoad, where: Site): Promise<void> {
  const times = await stored(where)
  expect(accepted.filter((orderId) => times.get(orderId) !== 1)).toEqual([])
  expect([...times].filter(([, count]) => count !== 1)).toEqual([])
}

const clients = 16

test(
  'a gateway is killed, the one that owns the log; another in its place hangs, and goes on',
  { timeout: 180_000 },
  async (context) => {
    const where = await running(context)
    const { haproxy, gateways } = where
    const load = new HttpLoad(haproxy.port, 'killed', clients)
    await load.more(500)
    await gateways[0].end('SIGKILL')
    await haproxy.sees('gateway1', 'DOWN')
    await load.more(500)
    await gateways[0].start()
    await haproxy.sees('gateway1', 'UP')
    await load.more(500)
    gateways[0].signal('SIGSTOP')
    await haproxy.sees('gateway1', 'DOWN')
    await load.more(500)
    gateways[0].signal('SIGCONT')
    await haproxy.sees('gateway1', 'UP')
    await load.more(500)
    await load.stop()
    // One of the 2,500 that were waited for is 0.04 %.
    expect(load.failures.slice(1)).toEqual([])
    await expectOnce(load, where)
  },
)

test(
  'each gateway in turn is drained and started again, as for a new version: no request fails',
  { timeout: 180_000 },
  async (context) => {
    const where = await running(context)
    const { haproxy, gateways } = where
    const load = new HttpLoad(haproxy.port, 'drained', clients)
    for (const [index, gateway] of gateways.entries()) {
      const name = `gateway${index + 1}`
      await load.more(200)
      expect(await gateway.end('SIGTERM')).toBe(0)
      expect(haproxy.said).toContain(`Server gateways/${name} is stopping`)
      await haproxy.sees(name, 'DOWN')
      await gateway.start()
      await haproxy.sees(name, 'UP')
    }
    await load.stop()
    expect(load.failures).toEqual([])
    await expectOnce(load, where)
  },
)

test(
  'HAProxy is reloaded three times: no request fails, and connections that are idle stay',
  { timeout: 180_000 },
  async (context) => {
    const where = await running(context)
    const { haproxy } = where
    const load = new HttpLoad(haproxy.port, 'reloaded', clients)
    const comers = new HttpLoad(haproxy.port, 'came', 2, false)
    const idle = new Agent({ keepAlive: true, maxSockets: 1 })
    for (let round = 0; round < 3; round++) {
      expect((await post(haproxy.port, idle, `idle-${round}a`, 0)).what).toBeUndefined()
      await load.more(300)
      await haproxy.reload()
      await load.more(300)
      const after = await post(haproxy.port, idle, `idle-${round}b`, 0)
      expect(after).toEqual({ what: undefined, reusedConnection: true })
    }
    await Promise.all([load.stop(), comers.stop()])
    idle.destroy()
    expect([...load.failures, ...comers.failures]).toEqual([])
    for (const each of [load, comers]) await expectOnce(each, where)
  },
)
