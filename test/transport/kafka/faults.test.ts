/**
 * What the Kafka transport does when brokers die, and what it says when there is none.
 * @module
 */
import { spawn } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Admin, Connection, findCoordinatorV4, metadataV12, Producer, stringSerializers } from '@platformatic/kafka'
import { afterAll, beforeAll, expect, onTestFinished, test, type TestContext } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import { kafka, type KafkaOptions } from '../../../src/transport/kafka/index.ts'
import type { Log } from '../../../src/transport/index.ts'
import { readAll, record, stored, text } from '../../conformance/harness.ts'
import { keyOf, Member } from '../../conformance/member.ts'
import { KafkaCluster, missingKafka } from '../../support/kafka-cluster.ts'
import { requirePart } from '../../support/parts.ts'

const keep = { retentionMs: Infinity, retentionBytes: Infinity }
let cluster: KafkaCluster | undefined

// Its own: the shared one's brokers are not to be killed under other tests.
beforeAll(async () => {
  if ((await missingKafka()) === undefined) cluster = await KafkaCluster.start()
}, 180_000)

afterAll(() => cluster?.stop(), 60_000)

let names = 0
const fresh = (kind: string): string => `${kind}-faults-${process.pid}-${++names}`

async function openLog(context: TestContext, more: Partial<KafkaOptions> = {}): Promise<Log> {
  await requirePart(context, 'Kafka', missingKafka)
  const brokers = cluster!.brokers
  const transport = kafka({ brokers, heartbeatInterval: 200, ...more })
  const log = await transport.open({ clock: systemClock, clientId: 'faults@here:1' })
  onTestFinished(() => log.close())
  return log
}

/** Twelve writers on six partitions, each waiting for its last record to be acknowledged before it sends the next. */
async function startWriters(log: Log) {
  const topic = fresh('topic')
  await log.admin.createTopics([{ name: topic, partitions: 6, ...keep }])
  const writers = 12
  let isOver = false
  const acked = Array.from({ length: writers }, (): string[] => [])
  const writing = Promise.all(
    acked.map(async (mine, who) => {
      for (let nth = 0; !isOver; nth++) {
        const value = `${who}:${nth}`
        await stored(log, [record(topic, who % 6, value)])
        mine.push(value)
      }
    }),
  )
  return {
    topic,
    /** Until each has so many more acknowledged: every partition has a leader, and takes records. */
    async further(count: number): Promise<void> {
      const before = acked.map((mine) => mine.length)
      while (acked.some((mine, who) => mine.length < before[who]! + count)) await systemClock.yield()
    },
    /** Ends them; what is stored is what was acknowledged, once and in order. */
    async expectStored(): Promise<void> {
      isOver = true
      await writing
      for (let partition = 0; partition < 6; partition++) {
        const got = (await readAll(log, topic, partition)).map((entry) => text(entry.value)!)
        for (let who = partition; who < writers; who += 6) {
          expect(got.filter((value) => value.startsWith(`${who}:`))).toEqual(acked[who])
        }
      }
    },
  }
}

test('appends keep their order and lose nothing while a leader is killed and comes back', async (context) => {
  const { further, expectStored } = await startWriters(await openLog(context))
  await cluster!.kill(1)
  onTestFinished(() => cluster!.restart(1))
  await further(20)
  await expectStored()
}, 120_000)

test('appends and reads go to the new leader while the old one stands still, once and in order', async (context) => {
  // Who waits for the answer of the one that stands still waits for longer than this test may take.
  const log = await openLog(context, { requestTimeout: 300_000, deliveryTimeout: 600_000 })
  const { topic, further, expectStored } = await startWriters(log)
  await further(20)
  cluster!.pause(2)
  onTestFinished(() => cluster!.resume(2))
  await further(20)
  for (let partition = 0; partition < 6; partition++) {
    expect((await readAll(log, topic, partition)).length).toBeGreaterThan(40)
  }
  // What it was sent before it stood still, it does now; its answers are for nobody.
  cluster!.resume(2)
  await further(20)
  await expectStored()
}, 240_000)

test('says that copies are missing when fewer are in sync than the topic asks for', async (context) => {
  const log = await openLog(context, { minInsyncReplicas: 3, deliveryTimeout: 20_000 })
  const topic = fresh('topic')
  await log.admin.createTopics([{ name: topic, partitions: 1, ...keep }])
  const content = fresh('topic')
  await (await openLog(context)).admin.createTopics([{ name: content, partitions: 1, ...keep }])
  await cluster!.kill(3)
  onTestFinished(() => cluster!.restart(3))
  const told = expect.stringContaining('fewer copies are in sync than min.insync.replicas of the topic asks for')
  // Until the cluster notices that the broker is gone, it is waited for.
  await expect
    .poll(async () => (await log.append([record(topic, 0, 'one')]).catch((error: unknown) => [{ error }]))[0], {
      timeout: 120_000,
    })
    .toMatchObject({ error: { code: 'VLX_LOG_UNAVAILABLE', retryable: true, message: told } })
  // A topic that is content with two is told of before the other is given up.
  const early: unknown[] = []
  const both = log.append([record(topic, 0, 'waits'), record(content, 0, 'goes on')], (...heard) => early.push(heard))
  const outcomes = await both.catch((error: unknown) => [{ error }])
  expect(early).toEqual([[[1], [{ offset: 0 }]]])
  expect(outcomes[0]).toHaveProperty('error')
}, 180_000)

test('members of both kinds stay, fetch and commit while their coordinator is killed', async (context) => {
  const log = await openLog(context, { groupProtocol: 'consumer' })
  const other = await openLog(context, { groupProtocol: 'classic' })
  const topic = fresh('topic')
  await log.admin.createTopics([{ name: topic, partitions: 3, ...keep }])
  const joining = [log, other].map((each) => Member.join(each, fresh('group'), [topic], { sessionTimeoutMs: 30_000 }))
  const members = await Promise.all(joining)
  await Promise.all(members.map((member) => member.holding(3)))
  const storeAll = (value: string): Promise<unknown> =>
    stored(
      log,
      [0, 1, 2].map((partition) => record(topic, partition, value)),
    )
  const takeNext = async (member: Member, partition: number, offset: number): Promise<void> => {
    await expect
      .poll(async () => (await member.fetch(topic, partition, { offset })).length, { timeout: 40_000 })
      .toBe(1)
    await member.commit(topic, partition, offset + 1)
  }
  await storeAll('before')
  for (const id of [1, 2, 3]) {
    await cluster!.kill(id)
    for (const partition of [0, 1, 2]) await Promise.all(members.map((member) => takeNext(member, partition, id - 1)))
    await storeAll(`after ${id}`)
    await cluster!.restart(id)
  }
  const kept = ['assigned', 'assigned', 'assigned']
  expect(members.map(({ history }) => history.map(({ what }) => what))).toEqual([kept, kept])
}, 180_000)

test.for(['consumer', 'classic'] as const)(
  'a member that was stopped past its session is fenced when it goes on, and hears what it lost (%s)',
  { timeout: 60_000 },
  async (groupProtocol, context) => {
    const log = await openLog(context, { groupProtocol })
    const topic = fresh('topic')
    const group = fresh('group')
    await log.admin.createTopics([{ name: topic, partitions: 1, ...keep }])
    const brokers = cluster!.brokers.join(',')
    const file = join(import.meta.dirname, 'member-child.ts')
    const args = [file, brokers, group, topic, groupProtocol]
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    expect((await lines.next()).value).toBe('assigned')
    child.kill('SIGSTOP')
    const heir = await (await Member.join(log, group, [topic], { sessionTimeoutMs: 3_000 })).holding(1)
    await heir.commit(topic, 0, 0, Buffer.from('of the heir'))
    child.kill('SIGCONT')
    child.stdin.write('commit\n')
    const said = [(await lines.next()).value, (await lines.next()).value].sort()
    expect(said).toEqual(['VLX_FENCED', 'lost'])
    const [description] = await log.admin.groups([group])
    expect(text(description!.positions[0]!.metadata)).toBe('of the heir')
  },
)

test('a main thread that is busy past the session keeps its partitions, under both protocols', async (context) => {
  const logs = [
    await openLog(context, { groupProtocol: 'consumer' }),
    await openLog(context, { groupProtocol: 'classic' }),
  ]
  const topic = fresh('topic')
  await logs[0]!.admin.createTopics([{ name: topic, partitions: 1, ...keep }])
  const joining = logs.map((log) => Member.join(log, fresh('group'), [topic], { sessionTimeoutMs: 2_500 }))
  const members = await Promise.all(joining)
  await Promise.all(members.map((member) => member.holding(1)))
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5_000)
  for (const member of members) {
    await member.commit(topic, 0, 0)
    expect(member.history.map(({ what }) => what)).toEqual(['assigned'])
    expect(member.consumer.sessionLeftMs).toBeGreaterThan(0)
  }
}, 60_000)

test.for(['consumer', 'classic'] as const)(
  'while its coordinator does not answer a member loses what it holds before another gets it (%s)',
  // Rarely (twice in some sixty runs) nobody holds anything for minutes while the brokers are well: not understood, see docs/reference/kafka.md.
  // Which is told; a second time in a row is a failure.
  { timeout: 300_000, retry: 1 },
  async (groupProtocol, context) => {
    const [one, two] = [await openLog(context, { groupProtocol }), await openLog(context, { groupProtocol })]
    const [topic, group] = [fresh('topic'), fresh('group')]
    await one.admin.createTopics([{ name: topic, partitions: 4, ...keep }])
    const holders = new Map<string, Member>()
    const mistakes: string[] = []
    const join = async (log: Log): Promise<Member> => {
      const member = await Member.join(log, group, [topic], {
        sessionTimeoutMs: 4_000,
        onAssigned: (self, partitions) => {
          for (const place of partitions) {
            const holder = holders.get(keyOf(place))
            if (holder !== undefined && holder !== self && holder.held.has(keyOf(place))) {
              mistakes.push(`${keyOf(place)} is held twice`)
            }
            holders.set(keyOf(place), self)
          }
        },
      })
      return member
    }
    const members = [await join(one), await join(two)]
    await Promise.all(members.map((member) => member.holding(2)))
    // Brokers were killed before: one whose copies are behind can follow nobody, and two together then keep no group.
    await expect.poll(copiesInSync, { timeout: 60_000 }).toEqual([3, 3, 3])
    const coordinatorId = await coordinatorOf(group)
    await cluster!.pause(coordinatorId)
    onTestFinished(() => cluster!.resume(coordinatorId))
    const isLost = ({ history }: Member): boolean => history.some(({ what }) => what === 'lost')
    await Promise.all(members.map((member) => member.until(isLost)))
    // Another broker keeps the group now.
    await expect
      .poll(() => members.reduce((sum, { held }) => sum + held.size, 0), { timeout: 150_000 })
      .toBe(4)
      .catch(async (cause: Error) => {
        const histories = JSON.stringify(members.map(({ history }) => history))
        const told = `${await whereGroupsAre(group, coordinatorId)} ${histories}`
        process.stderr.write(`${told}\n`)
        throw new Error(told, { cause })
      })
    await cluster!.resume(coordinatorId)
    await Promise.all(members.map((member) => member.holding(2)))
    expect(mistakes).toEqual([])
  },
)

async function asking<Answer>(id: number, ask: (connection: Connection) => Promise<Answer>): Promise<Answer> {
  const connection = new Connection('tool')
  const [host, port] = cluster!.brokers[id - 1]!.split(':')
  await connection.connect(host!, Number(port))
  try {
    return await ask(connection)
  } finally {
    await connection.close()
  }
}

/** As broker `id` sees it. */
async function coordinatorOf(group: string, id = 1): Promise<number> {
  const ofGroups = 0
  const { coordinators } = await asking(id, (connection) => findCoordinatorV4.api.async(connection, ofGroups, [group]))
  return coordinators[0]!.nodeId
}

async function groupPartitions(id = 1) {
  const { topics } = await asking(id, (connection) =>
    metadataV12.api.async(connection, ['__consumer_offsets'], false, false),
  )
  return topics[0]!.partitions
}

/** Of each partition that keeps groups. */
const copiesInSync = async (): Promise<number[]> => (await groupPartitions()).map(({ isrNodes }) => isrNodes.length)

/** For the reader of a failure: what the brokers that answer say of the group, and what they logged last. */
async function whereGroupsAre(group: string, pausedId: number): Promise<string> {
  const ids = [1, 2, 3].filter((id) => id !== pausedId)
  const said = ids.map(async (id) => ({
    id,
    coordinator: await coordinatorOf(group, id).catch(String),
    groups: await groupPartitions(id).then(
      (partitions) => partitions.map(({ leaderId, isrNodes }) => `led by ${leaderId}, in sync ${isrNodes.join()}`),
      String,
    ),
    log: await cluster!.lastLines(id, 20),
  }))
  const state = { pausedId, controller: await cluster!.controllerId(), brokers: await Promise.all(said) }
  return `Nobody holds the partitions of ${group}: ${JSON.stringify(state, null, 2)}`
}

test('reading and fetching below the earliest retained record start there', async (context) => {
  const log = await openLog(context)
  const topic = fresh('topic')
  await log.admin.createTopics([{ name: topic, partitions: 1, ...keep }])
  for (const value of ['a', 'b', 'c', 'd']) await stored(log, [record(topic, 0, value)])
  const tool = new Admin({ clientId: 'tool', bootstrapBrokers: cluster!.brokers })
  await tool.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: 2n }] }] })
  await tool.close()
  expect(await log.admin.offsets([topic])).toEqual([{ topic, partition: 0, earliest: 2, end: 4 }])
  expect((await readAll(log, topic)).map(({ offset }) => offset)).toEqual([2, 3])
  const member = await (await Member.join(log, fresh('group'), [topic])).holding(1)
  expect(member.position(topic).committedOffset).toBe(2)
  const [batch] = await member.fetch(topic, 0, { offset: 0 })
  expect(batch!.records.map(({ offset }) => offset)).toEqual([2, 3])
}, 60_000)

test('records of an aborted transaction are passed over', async (context) => {
  const log = await openLog(context)
  const topic = fresh('topic')
  await log.admin.createTopics([{ name: topic, partitions: 1, ...keep }])
  const others = new Producer({
    clientId: 'tool',
    bootstrapBrokers: cluster!.brokers,
    idempotent: true,
    transactionalId: fresh('transaction'),
    serializers: stringSerializers,
  })
  const first = await others.beginTransaction()
  await first.send({ messages: [{ topic, partition: 0, value: 'never' }] })
  await first.abort()
  const second = await others.beginTransaction()
  await second.send({ messages: [{ topic, partition: 0, value: 'committed' }] })
  await second.commit()
  await others.close()
  await stored(log, [record(topic, 0, 'plain')])
  const all = await readAll(log, topic)
  expect(all.map((entry) => text(entry.value))).toEqual(['committed', 'plain'])
  const member = await (await Member.join(log, fresh('group'), [topic])).holding(1)
  // One batch at a time: what was aborted comes as a batch without records, past which the next fetch reads on.
  const seen: (string | null)[] = []
  for (let offset = 0; seen.length < 2;) {
    const [batch] = await member.fetch(topic, 0, { offset, maxBytes: 1 })
    seen.push(...batch!.records.map(({ value }) => text(value)))
    expect(batch!.nextOffset).toBeGreaterThan(offset)
    offset = batch!.nextOffset
  }
  expect(seen).toEqual(['committed', 'plain'])
}, 60_000)

test('commits with records stay whole while brokers are killed in the middle of them', async (context) => {
  const log = await openLog(context, { transactionTimeout: 10_000 })
  const [input, output] = [fresh('topic'), fresh('topic')]
  await log.admin.createTopics([
    { name: input, partitions: 1, ...keep },
    { name: output, partitions: 3, ...keep },
  ])
  const group = fresh('group')
  const member = await (await Member.join(log, group, [input], { sessionTimeoutMs: 30_000 })).holding(1)
  let isOver = false
  let done = 0
  const piping = (async () => {
    while (!isOver) {
      const position = { topic: input, partition: 0, offset: 0, metadata: Buffer.from(`${done + 1}`) }
      const copies = [0, 1, 2].map((partition) => record(output, partition, `${done}`))
      // What is refused is not stored, and comes again.
      const error = await member.consumer.commit([position], copies).then(
        () => undefined,
        (refused: { code: string }) => refused,
      )
      if (error === undefined) done++
      else if (error.code !== 'VLX_LOG_UNAVAILABLE') throw error
    }
  })()
  // Told by what waits for it below.
  piping.catch(() => {})
  for (const id of [1, 2]) {
    const before = done
    await expect.poll(() => done, { timeout: 60_000 }).toBeGreaterThan(before + 5)
    await cluster!.kill(id)
    const killed = done
    await expect.poll(() => done, { timeout: 90_000 }).toBeGreaterThan(killed + 5)
    await cluster!.restart(id)
  }
  isOver = true
  await piping
  const wanted = Array.from({ length: done }, (_, nth) => `${nth}`)
  for (const partition of [0, 1, 2]) {
    expect((await readAll(log, output, partition)).map((entry) => text(entry.value))).toEqual(wanted)
  }
  const [description] = await log.admin.groups([group])
  expect(text(description!.positions[0]!.metadata)).toBe(`${done}`)
}, 240_000)

const open = (options: KafkaOptions): Promise<Log> =>
  kafka({ connectTimeout: 1_000, requestTimeout: 1_000, ...options }).open({ clock: systemClock, clientId: 'c' })

test('says when nothing listens', async () => {
  await expect(open({ brokers: '127.0.0.1:1' })).rejects.toMatchObject({
    code: 'VLX_LOG_UNAVAILABLE',
    message: expect.stringContaining('127.0.0.1:1: nothing listens there (ECONNREFUSED)'),
  })
})

test('says when TLS is spoken to a port without it, and when what answers is no broker', async (context) => {
  await requirePart(context, 'Kafka', missingKafka)
  const [broker] = cluster!.brokers
  await expect(open({ brokers: broker!, ssl: true })).rejects.toMatchObject({
    code: 'VLX_LOG_UNAVAILABLE',
    message: expect.stringContaining('TLS'),
  })
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  await expect(open({ brokers: `127.0.0.1:${port}` })).rejects.toMatchObject({
    code: 'VLX_LOG_UNAVAILABLE',
    message: expect.stringContaining('broker'),
  })
}, 60_000)

test('a record that the topic does not take names the property of the topic, and the others are stored', async (context) => {
  const small = await openLog(context)
  const large = await openLog(context, { maxRecordBytes: 4_000_000 })
  const topic = fresh('topic')
  await small.admin.createTopics([{ name: topic, partitions: 1, ...keep }])
  const outcomes = await large.append([
    record(topic, 0, 'a'),
    record(topic, 0, new Uint8Array(3_000_000)),
    record(topic, 0, 'b'),
  ])
  expect(outcomes).toMatchObject([
    { offset: 0 },
    { error: { code: 'VLX_RECORD_TOO_LARGE', message: expect.stringContaining('max.message.bytes') } },
    { offset: 1 },
  ])
}, 60_000)

test('names the option that is wrong', () => {
  expect(() => kafka({ brokers: 'nowhere' })).toThrow('kafka({ brokers }) has "nowhere"; it must be host:port')
  expect(() => kafka({ brokers: 'a:1', acks: 1 } as never)).toThrow('kafka({ acks }): there is no such option')
  expect(() => kafka({ brokers: 'a:1', replicationFactor: 1, minInsyncReplicas: 2 })).toThrow('only 1 copies')
  expect(() => kafka({ brokers: 'a:1', sasl: { mechanism: 'PLAIN' } as never })).toThrow('sasl: { username } }')
})
