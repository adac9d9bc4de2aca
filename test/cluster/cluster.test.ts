/**
 * Clusters of real brokers: started, killed, stopped for a while, started again, and never left behind.
 * @module
 */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Admin } from '@platformatic/kafka'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { knownBrokers } from '../../src/cluster/metadata-request.ts'
import { Child } from '../support/child.ts'
import { KafkaCluster, missingKafka } from '../support/kafka-cluster.ts'
import { requirePart } from '../support/parts.ts'

const patience = { timeout: 60_000, interval: 100 }

async function isAlive(pid: number): Promise<boolean> {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('three brokers: each has its properties, can be stopped, killed and started again, and another becomes controller', async (context) => {
  await requirePart(context, 'Kafka', missingKafka)
  const said: string[] = []
  const cluster = await KafkaCluster.start({
    properties: ({ id }) => ({ 'broker.rack': `rack-${id}` }),
    note: (line) => said.push(line),
  })
  onTestFinished(() => cluster.stop())
  expect(said.filter((line) => line.includes('is up on 127.0.0.1:'))).toHaveLength(3)

  const admin = new Admin({ clientId: 'tool', bootstrapBrokers: cluster.brokers })
  onTestFinished(() => admin.close())
  const { brokers } = await admin.metadata({ topics: [] })
  expect([...brokers].map(([id, { port, rack }]) => [id, `127.0.0.1:${port}`, rack]).toSorted()).toEqual(
    cluster.brokers.map((place, index) => [index + 1, place, `rack-${index + 1}`]),
  )

  const controller = (await cluster.controllerId())!
  const other = (controller % 3) + 1
  const portOf = (id: number): number => cluster.nodes[id - 1]!.port
  cluster.pause(other)
  expect(cluster.state(other)).toBe('paused')
  expect(await knownBrokers(portOf(other), systemClock)).toBeUndefined()
  cluster.resume(other)
  await expect.poll(() => knownBrokers(portOf(other), systemClock), patience).toEqual([1, 2, 3])

  await cluster.kill(controller)
  expect([cluster.state(controller), cluster.pid(controller)]).toEqual(['ended', undefined])
  await expect.poll(() => cluster.controllerId(), patience).toBeOneOf([1, 2, 3].filter((id) => id !== controller))
  // The brokers hear of it when its session is over.
  await expect.poll(() => knownBrokers(portOf(other), systemClock), patience).not.toContain(controller)
  await cluster.restart(controller)
  expect(await knownBrokers(portOf(controller), systemClock)).toContain(controller)

  const pids = cluster.nodes.map(({ id }) => cluster.pid(id)!)
  await cluster.stop()
  expect(await Promise.all(pids.map(isAlive))).toEqual([false, false, false])
  await expect.poll(() => cluster.controllerId()).toBeUndefined()
}, 120_000)

test('with ZooKeeper: a killed broker comes back though its old session is still there', async (context) => {
  await requirePart(context, 'Kafka', () => missingKafka('zookeeper'))
  const cluster = await KafkaCluster.start({ kind: 'zookeeper', brokers: 1 })
  onTestFinished(() => cluster.stop())
  expect(await cluster.controllerId()).toBe(1)
  const before = cluster.pid(1)!
  await cluster.kill(1)
  expect(await cluster.controllerId()).toBeUndefined()
  await cluster.restart(1)
  expect(cluster.pid(1)).not.toBe(before)
  await expect.poll(() => cluster.controllerId(), patience).toBe(1)
}, 120_000)

test('brokers end when their starter is killed', async (context) => {
  await requirePart(context, 'Kafka', missingKafka)
  const starter = new Child(new URL('starter-child.ts', import.meta.url))
  await starter.says('up ')
  const [, pid = '', directory = ''] = starter.lines[0]!.split(' ')
  onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }))
  expect(await isAlive(Number(pid))).toBe(true)
  starter.kill('SIGKILL')
  await expect.poll(() => isAlive(Number(pid)), patience).toBe(false)
  await expect.poll(() => existsSync(directory), patience).toBe(false)
}, 120_000)

test('a broker that does not come up says why, and leaves nothing', async (context) => {
  await requirePart(context, 'Kafka', missingKafka)
  const directory = await mkdtemp(join(tmpdir(), 'veltrix-test-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }))
  const { KafkaCluster: Cluster } = await import('../../src/cluster/index.ts')
  // The first is found when the directory is formatted, the second when the broker starts.
  for (const [name, value] of [
    ['num.io.threads', 'many'],
    ['authorizer.class.name', 'no.such.Authorizer'],
  ] as const) {
    const start = Cluster.start({ brokers: 1, directory, properties: () => ({ [name]: value }) })
    await expect(start).rejects.toMatchObject({
      code: 'VLX_CLUSTER_NODE_FAILED',
      message: expect.stringContaining(value),
    })
  }
}, 60_000)
