import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../src/testing/clock.ts'
import {
  Fenced,
  type AssignedPartition,
  type ConsumerListener,
  type TopicPartition,
} from '../../src/transport/index.ts'
import { simulatedTransport, type SimulatedLog } from './simulated-log.ts'

const topic = { name: 't', partitions: 4, retentionMs: Infinity, retentionBytes: Infinity }
const names = (list: readonly TopicPartition[]) => list.map((at) => `${at.topic}/${at.partition}`)
const record = (text: string, partition = 0) => ({
  topic: 't',
  partition,
  key: Buffer.from('k'),
  value: Buffer.from(text),
  headers: [['h', text]] as const,
  timestamp: 1,
})

async function start(latencyMs = 1) {
  const clock = new VirtualClock({ turns: 0 })
  const transport = simulatedTransport({ clock, latency: () => latencyMs })
  const open = (clientId: string): Promise<SimulatedLog> => transport.open({ clientId })
  transport.cluster.createTopics([topic])
  return { clock, cluster: transport.cluster, open }
}

function member(log: SimulatedLog, hooks: { revoked?: () => Promise<void> } = {}) {
  const told: string[] = []
  const held = new Map<string, AssignedPartition>()
  const listener: ConsumerListener = {
    assigned: (partitions) => {
      for (const at of partitions) {
        expect(held.has(names([at])[0]!)).toBe(false)
        held.set(names([at])[0]!, at)
      }
      told.push(`assigned ${names(partitions).join(' ')}`)
    },
    revoked: async (partitions) => {
      told.push(`revoked ${names(partitions).join(' ')}`)
      await hooks.revoked?.()
      for (const name of names(partitions)) held.delete(name)
    },
    lost: (partitions) => {
      told.push(`lost ${names(partitions).join(' ')}`)
      for (const name of names(partitions)) held.delete(name)
    },
    failed: (error) => told.push(`failed ${error.message}`),
  }
  return { told, held, consumer: log.consume({ group: 'g', topics: ['t'], listener }) }
}

const empty = new Uint8Array()
const at = (partition: number, offset: number) => ({ topic: 't', partition, offset, metadata: empty })

describe('the simulated log', () => {
  it('needs no time to pass when no latency is given', async () => {
    const transport = simulatedTransport({ clock: new VirtualClock() })
    const log = await transport.open({ clientId: 'a' })
    await log.admin.createTopics([topic])
    expect(await log.append([record('a'), record('b')])).toEqual([{ offset: 0 }, { offset: 1 }])
    const read = await log.read({ topic: 't', partition: 0, offset: 1, maxBytes: 1000, maxWaitMs: 0 })
    expect(read.records.map((each) => each.headers.text('h'))).toEqual(['b'])
  })

  it('shares partitions evenly, moves few, and waits for what is given back', async () => {
    const { clock, open } = await start()
    const letGo = Promise.withResolvers<void>()
    const first = member(await open('a'), { revoked: () => letGo.promise })
    await clock.advance(10)
    expect(first.told).toEqual(['assigned t/0 t/1 t/2 t/3'])
    const second = member(await open('b'))
    await clock.advance(10)
    expect([first.told.at(-1), second.told]).toEqual(['revoked t/2 t/3', []])
    letGo.resolve()
    await clock.advance(10)
    expect([[...first.held.keys()], [...second.held.keys()]]).toEqual([
      ['t/0', 't/1'],
      ['t/2', 't/3'],
    ])
  })

  it('gives a crashed member its partitions away after the session time-out, and never answers it', async () => {
    const { clock, open, cluster } = await start()
    const log = await open('a')
    const first = member(log)
    await clock.advance(10)
    let settled = false
    const forget = (): void => void (settled = true)
    log.append([record('in flight')]).then(forget, forget)
    log.crash()
    log.append([record('afterwards')]).then(forget, forget)
    const second = member(await open('b'))
    await clock.advance(9_000)
    expect(second.told).toEqual([])
    await clock.advance(2_000)
    expect(second.held.size).toBe(4)
    expect([settled, first.told.length, cluster.partition('t', 0).end]).toEqual([false, 1, 0])
  })

  it('fences a member that lost its session, stores nothing of its call, tells it, and takes it back', async () => {
    const { clock, open, cluster } = await start()
    const logs = [await open('a'), await open('b')]
    const zombie = member(logs[0]!)
    const other = member(logs[1]!)
    await clock.advance(10)
    const consumer = await zombie.consumer
    logs[0]!.consumers[0]!.loseSession(5_000)
    await clock.advance(100)
    expect([other.held.size, zombie.told.length]).toEqual([4, 2])
    const mine = [...zombie.held.values()][0]!.partition
    const commit = consumer.commit([at(mine, 7)])
    const outcome = commit.catch((error: unknown) => error)
    await clock.advance(2)
    expect(await outcome).toBeInstanceOf(Fenced)
    expect(cluster.group('g').positions).toEqual([])
    expect(zombie.told.at(-1)).toContain('lost')
    await clock.advance(5_000)
    expect([zombie.held.size, other.held.size]).toEqual([2, 2])
  })

  it('expels a member that does not give back in time', async () => {
    const { clock, open } = await start()
    const slow = member(await open('a'), { revoked: () => new Promise(() => {}) })
    await clock.advance(10)
    const second = member(await open('b'))
    await clock.advance(59_000)
    expect(second.held.size).toBe(0)
    await clock.advance(2_000)
    expect(second.held.size).toBeGreaterThanOrEqual(2)
    expect(slow.told).toContain('lost t/0 t/1 t/2 t/3')
  })

  it('stores commits in the order made, and hands the last one to the next owner', async () => {
    const { clock, open, cluster } = await start()
    const first = member(await open('a'))
    await clock.advance(10)
    let delayMs = 50
    cluster.faults = { commit: () => ({ delayMs: (delayMs -= 20) }) }
    const consumer = await first.consumer
    const commits = [consumer.commit([at(0, 1)]), consumer.commit([{ ...at(0, 2), metadata: Buffer.from('m') }])]
    await clock.advance(100)
    await Promise.all(commits)
    void consumer.close()
    const second = member(await open('b'))
    await clock.advance(100)
    expect(second.held.get('t/0')).toMatchObject({ committedOffset: 2, metadata: Buffer.from('m') })
    expect(second.held.get('t/1')).toMatchObject({ committedOffset: 0 })
  })

  it('waits for records, up to the limit, and answers early when its partitions are taken', async () => {
    const { clock, open } = await start()
    const log = await open('a')
    const first = member(log)
    await clock.advance(10)
    const consumer = await first.consumer
    const wanted = [{ topic: 't', partition: 0, offset: 0, maxBytes: 1000 }]
    const fetched = consumer.fetch(wanted, { maxWaitMs: 1000 })
    await clock.advance(500)
    void log.append([record('x')])
    await clock.advance(5)
    expect((await fetched)[0]!.records.length).toBe(1)
    const late = consumer.fetch([{ ...wanted[0]!, offset: 1 }], { maxWaitMs: 1000 })
    await clock.advance(1001)
    expect(await late).toEqual([])
    const cut = consumer.fetch([{ ...wanted[0]!, offset: 1 }], { maxWaitMs: 100_000 })
    void consumer.close()
    await clock.advance(10)
    expect(await cut).toEqual([])
  })

  it.each([
    ['refused', 0, false],
    ['vanished', 0, true],
    ['unknown', 2, true],
    ['partial', 1, false],
  ] as const)('append fault "%s" stores %i of 2', async (fault, stored, rejects) => {
    const { clock, open, cluster } = await start()
    cluster.faults = { append: () => fault }
    const log = await open('a')
    const outcome = log.append([record('x'), record('y')]).then(
      (outcomes) => outcomes.filter((each) => 'error' in each).length,
      () => 'rejected',
    )
    await clock.advance(5)
    expect(await outcome).toBe(rejects ? 'rejected' : 2 - stored)
    expect(cluster.partition('t', 0).end).toBe(stored)
  })
})
