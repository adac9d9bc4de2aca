/**
 * Groups under Kafka's two protocols beyond the contract: static members, members of both kinds in one group, and what is refused.
 * @module
 */
import { Consumer } from '@platformatic/kafka'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import { kafka, type KafkaOptions } from '../../../src/transport/kafka/index.ts'
import type { Log } from '../../../src/transport/index.ts'
import { record, stored, text } from '../../conformance/harness.ts'
import { Member } from '../../conformance/member.ts'
import { missingKafka } from '../../support/kafka-cluster.ts'
import { sharedKafka } from '../../support/kafka-shared.ts'
import { requirePart } from '../../support/parts.ts'

const keep = { retentionMs: Infinity, retentionBytes: Infinity }
const long = { sessionTimeoutMs: 30_000 }
let brokers: string[]
let names = 0
const fresh = (kind: string): string => `${kind}-groups-${process.pid}-${++names}`

beforeAll(async () => {
  const missing = await missingKafka()
  if (missing === undefined) brokers = await sharedKafka()
}, 180_000)

async function open(context: { skip(reason: string): void }, more: Partial<KafkaOptions> = {}): Promise<Log> {
  await requirePart(context, 'Kafka', missingKafka)
  const log = await kafka({ brokers, heartbeatInterval: 100, ...more }).open({ clock: systemClock, clientId: 'c' })
  onTestFinished(() => log.close())
  return log
}

async function makeTopic(log: Log, partitions: number, name = fresh('topic')): Promise<string> {
  await log.admin.createTopics([{ name, partitions, ...keep }])
  return name
}

const said = ({ history }: Member): string[] => history.map(({ what }) => what)

describe.each(['consumer', 'classic'] as const)('static members (%s)', (groupProtocol) => {
  test('one that comes back within its session has its partitions again, and the others keep theirs', async (context) => {
    const [one, two] = await Promise.all(
      ['one', 'two'].map((instanceId) => open(context, { groupProtocol, instanceId })),
    )
    const topic = await makeTopic(one!, 4)
    const group = fresh('group')
    const first = await (await Member.join(one!, group, [topic], long)).holding(4)
    const other = await Member.join(two!, group, [topic], long)
    await Promise.all([first.holding(2), other.holding(2)])
    const had = [...first.held.keys()].sort()
    await first.commit(topic, Number(had[0]!.split('/')[1]), 0, Buffer.from('before'))
    await first.consumer.close()
    expect(said(first).filter((what) => what === 'revoked')).toHaveLength(4)
    const again = await open(context, { groupProtocol, instanceId: 'one' })
    const back = await (await Member.join(again, group, [topic], long)).holding(2)
    expect([...back.held.keys()].sort()).toEqual(had)
    expect([...back.held.values()].map(({ metadata }) => text(metadata))).toContain('before')
    expect(said(other)).toEqual(['assigned', 'assigned'])
  }, 60_000)

  test('what a closed one held is the others’ when its session is over, not before', async (context) => {
    const [one, two] = await Promise.all(
      ['one', 'two'].map((instanceId) => open(context, { groupProtocol, instanceId })),
    )
    const topic = await makeTopic(one!, 2)
    const group = fresh('group')
    const short = { sessionTimeoutMs: 3_000 }
    const first = await (await Member.join(one!, group, [topic], short)).holding(2)
    const other = await Member.join(two!, group, [topic], short)
    await Promise.all([first.holding(1), other.holding(1)])
    const closedAt = systemClock.monotonic()
    await first.consumer.close()
    await other.holding(2)
    expect(systemClock.monotonic() - closedAt).toBeGreaterThan(2_000)
  }, 60_000)

  test('two members of one group in one process are two', async (context) => {
    const log = await open(context, { groupProtocol, instanceId: (group) => `pod-7.${group}` })
    const topic = await makeTopic(log, 2)
    const group = fresh('group')
    const [one, two] = await Promise.all([1, 2].map(() => Member.join(log, group, [topic], long)))
    await Promise.all([one!.holding(1), two!.holding(1)])
  }, 60_000)
})

test('of two with the same id the newer takes over under the classic protocol, and the older one is told', async (context) => {
  const options = { groupProtocol: 'classic', instanceId: 'same' } as const
  const [older, newer] = [await open(context, options), await open(context, options)]
  const topic = await makeTopic(older, 1)
  const group = fresh('group')
  const first = await (await Member.join(older, group, [topic], long)).holding(1)
  const second = await (await Member.join(newer, group, [topic], long)).holding(1)
  const refused = first.commit(topic, 0, 0, Buffer.from('late'))
  await expect(refused).rejects.toMatchObject({ code: 'VLX_FENCED' })
  await expect
    .poll(() => first.failures, { timeout: 20_000 })
    .toMatchObject([{ code: 'VLX_INSTANCE_ID_TAKEN', message: expect.stringContaining('instanceId }) "same"') }])
  expect(said(first)).toEqual(['assigned', 'lost'])
  await second.commit(topic, 0, 0, Buffer.from('of the newer'))
}, 60_000)

test('of two with the same id the newer waits under the newer protocol, and says so', async (context) => {
  const options = { groupProtocol: 'consumer', instanceId: 'same' } as const
  const [older, newer] = [await open(context, options), await open(context, options)]
  const topic = await makeTopic(older, 1)
  const group = fresh('group')
  const first = await (await Member.join(older, group, [topic], long)).holding(1)
  const second = await Member.join(newer, group, [topic], long)
  await expect
    .poll(() => second.failures, { timeout: 20_000 })
    .toMatchObject([
      {
        code: 'VLX_LOG_UNAVAILABLE',
        message: expect.stringContaining('still has a member with kafka({ instanceId }) "same"'),
      },
    ])
  expect(said(first)).toEqual(['assigned'])
  await first.consumer.close()
  second.failures.length = 0
  await second.holding(1)
}, 60_000)

test('an id that Kafka does not take is refused', async (context) => {
  expect(() => kafka({ brokers: 'a:1', instanceId: 'no spaces' })).toThrow('kafka({ instanceId }) is "no spaces"')
  expect(() => kafka({ brokers: 'a:1', groupProtocol: 'newest' as never })).toThrow(
    'kafka({ groupProtocol }) is "newest"',
  )
  const log = await open(context, { instanceId: () => '' })
  const listener = { assigned: () => {}, revoked: async () => {}, lost: () => {}, failed: () => {} }
  await expect(log.consume({ group: 'g', topics: [], listener })).rejects.toThrow('kafka({ instanceId }) is ""')
}, 60_000)

test('members of both kinds are in one group, in either order, and nothing is held twice', async (context) => {
  const logs = { classic: await open(context, { groupProtocol: 'classic' }), auto: await open(context) }
  const topic = await makeTopic(logs.classic, 4)
  for (const [first, second] of [
    ['classic', 'auto'],
    ['auto', 'classic'],
  ] as const) {
    const group = fresh('group')
    let isReleased = false
    const onRevoked = async (member: Member, partitions: readonly { partition: number }[]): Promise<void> => {
      for (const { partition } of partitions) await member.commit(topic, partition, 0, Buffer.from('handed over'))
      isReleased = true
    }
    const seen: boolean[] = []
    const one = await (await Member.join(logs[first], group, [topic], { ...long, onRevoked })).holding(4)
    const two = await Member.join(logs[second], group, [topic], { ...long, onAssigned: () => seen.push(isReleased) })
    await Promise.all([one.holding(2), two.holding(2)])
    expect(seen.every(Boolean)).toBe(true)
    expect([...two.held.values()].map(({ metadata }) => text(metadata))).toEqual(['handed over', 'handed over'])
    const [description] = await logs.auto.admin.groups([group])
    expect(description!.members.map(({ partitions }) => partitions.length)).toEqual([2, 2])
    await Promise.all([one.consumer.close(), two.consumer.close()])
  }
}, 90_000)

test('a classic member that keeps what it was asked to give back is out after the rebalance time-out', async (context) => {
  const log = await open(context, { groupProtocol: 'classic', rebalanceTimeout: 1_500 })
  const topic = await makeTopic(log, 2)
  const group = fresh('group')
  const never = Promise.withResolvers<void>()
  onTestFinished(() => never.resolve())
  const one = await Member.join(log, group, [topic], { ...long, onRevoked: () => never.promise })
  await one.holding(2)
  const two = await (await Member.join(log, group, [topic], long)).holding(1)
  await one.until(({ history }) => history.some(({ what }) => what === 'lost'))
  // It comes back as a new member, with its share.
  await Promise.all([one.holding(1), two.holding(1)])
}, 60_000)

test('a classic group hears of a topic that is made later, and takes a session within the broker’s bounds', async (context) => {
  const log = await open(context, { groupProtocol: 'classic' })
  const topic = fresh('topic')
  // Below `group.min.session.timeout.ms`.
  const member = await Member.join(log, fresh('group'), [topic], { sessionTimeoutMs: 500 })
  await makeTopic(log, 2, topic)
  await member.holding(2)
  await stored(log, [record(topic, 1, 'x')])
  const [batch] = await member.fetch(topic, 1)
  expect(text(batch!.records[0]!.value)).toBe('x')
}, 60_000)

test('a group whose members share out in another way is told apart, and joined when they have left', async (context) => {
  const log = await open(context, { groupProtocol: 'classic' })
  const topic = await makeTopic(log, 1)
  const groupId = fresh('group')
  const others = new Consumer({
    clientId: 'other',
    groupId,
    bootstrapBrokers: brokers,
    protocols: [{ name: 'range', version: 1 }],
  })
  onTestFinished(() => others.close(true).catch(() => {}))
  const stream = await others.consume({ topics: [topic], sessionTimeout: 10_000, heartbeatInterval: 500 })
  const member = await Member.join(log, groupId, [topic], long)
  await expect
    .poll(() => member.failures, { timeout: 20_000 })
    .toMatchObject([{ code: 'VLX_LOG_UNAVAILABLE', message: expect.stringContaining('cooperative-sticky') }])
  await stream.close()
  await others.close(true)
  member.failures.length = 0
  await member.holding(1)
}, 60_000)
