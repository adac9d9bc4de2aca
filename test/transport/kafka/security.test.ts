/**
 * Who may use a cluster: every way to authenticate, and every way to be refused, at a broker that listens in all of them.
 * @module
 */
import { afterAll, beforeAll, describe, expect, onTestFinished, test, type TestContext } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import { certificateFindings, certificatesOf } from '../../../src/cli/doctor/certificates.ts'
import { kafka, type KafkaOptions, type KafkaSasl } from '../../../src/transport/kafka/index.ts'
import type { Log } from '../../../src/transport/index.ts'
import { readAll, record, stored, text } from '../../conformance/harness.ts'
import { Member } from '../../conformance/member.ts'
import { missingOpenssl, type Certificate } from '../../support/certificates.ts'
import { missingKafka } from '../../support/kafka-cluster.ts'
import { SecuredKafka, type Listener } from '../../support/kafka-secured.ts'
import { requirePart } from '../../support/parts.ts'

const keep = { retentionMs: Infinity, retentionBytes: Infinity }
let secured: SecuredKafka
let client: Certificate
let stranger: Certificate

beforeAll(async () => {
  if ((await missingKafka()) !== undefined || (await missingOpenssl()) !== undefined) return
  secured = await SecuredKafka.start()
  client = await secured.authority.sign('/O=Veltrix/CN=client', 'DNS:client')
  stranger = await secured.stranger.sign('/CN=stranger', 'DNS:client')
}, 120_000)

afterAll(() => secured?.stop(), 60_000)

async function ready(context: TestContext): Promise<void> {
  await requirePart(context, 'Kafka', missingKafka)
  await requirePart(context, 'openssl', missingOpenssl)
}

let names = 0
const fresh = (kind: string): string => `${kind}-secured-${++names}`

function open(listener: Listener, options: Omit<KafkaOptions, 'brokers'>, host?: string): Promise<Log> {
  const common = { heartbeatInterval: 200, connectTimeout: 10_000 }
  const transport = kafka({ brokers: secured.broker(listener, host), ...common, ...options })
  return transport.open({ clock: systemClock, clientId: 'secured@here:1' })
}

async function opened(listener: Listener, options: Omit<KafkaOptions, 'brokers'>, host?: string): Promise<Log> {
  const log = await open(listener, options, host)
  onTestFinished(() => log.close())
  return log
}

/** Everything a client does: topics, an append, a group with its thread, a fetch, a commit. */
async function works(log: Log): Promise<void> {
  const topic = fresh('topic')
  await log.admin.createTopics([{ name: topic, partitions: 1, ...keep }])
  await stored(log, [record(topic, 0, 'secret')])
  const member = await (await Member.join(log, fresh('group'), [topic])).holding(1)
  const [batch] = await member.fetch(topic)
  expect(text(batch!.records[0]!.value)).toBe('secret')
  await member.commit(topic, 0, 1)
}

const scram = (mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-512', username = 'app'): KafkaSasl => {
  return { mechanism, username, password: `${username}-${mechanism}` }
}
const plain = (username = 'app'): KafkaSasl => ({ mechanism: 'PLAIN', username, password: `${username}-secret` })

describe('an application works with', () => {
  const cases: Record<string, () => Promise<Log>> = {
    PLAIN: () => opened('SASL', { sasl: plain() }),
    'SCRAM-SHA-256': () => opened('SASL', { sasl: scram('SCRAM-SHA-256') }),
    'SCRAM-SHA-512': () => opened('SASL', { sasl: scram('SCRAM-SHA-512') }),
    'OAUTHBEARER, its token given by a function': () =>
      opened('OAUTH', { sasl: { mechanism: 'OAUTHBEARER', token: async () => secured.token('app') } }),
    TLS: () => opened('TLS', { ssl: { ca: secured.authority.cert } }),
    'TLS, to a host name': () => opened('TLS', { ssl: { ca: [secured.authority.cert] } }, 'localhost'),
    'TLS, to a certificate for another name that is asked for': () =>
      opened('OTHERNAME', { ssl: { ca: secured.authority.cert, servername: 'broker.elsewhere.example' } }),
    'a certificate of its own': () =>
      opened('MUTUAL', { ssl: { ca: secured.authority.cert, cert: client.cert, key: client.key } }),
    'SASL and TLS together': () => opened('SASLTLS', { sasl: plain(), ssl: { ca: secured.authority.cert } }),
  }
  for (const [name, log] of Object.entries(cases)) {
    test(name, { timeout: 60_000 }, async (context) => {
      await ready(context)
      await works(await log())
    })
  }
})

describe('says at the start why a broker and the client do not accept each other:', () => {
  const ca = () => secured.authority.cert
  const cases: Record<string, readonly [() => Promise<Log>, string]> = {
    'a wrong PLAIN password': [
      () => open('SASL', { sasl: { ...plain(), password: 'wrong' } as KafkaSasl }),
      'refuses the user "app" (PLAIN)',
    ],
    'a wrong SCRAM password': [
      () => open('SASL', { sasl: { ...scram('SCRAM-SHA-512'), password: 'wrong' } as KafkaSasl }),
      'refuses the user "app" (SCRAM-SHA-512)',
    ],
    'an unknown user': [
      () => open('SASL', { sasl: scram('SCRAM-SHA-256', 'nobody') }),
      'refuses the user "nobody" (SCRAM-SHA-256)',
    ],
    'a mechanism that is not enabled': [
      () => open('SASLTLS', { sasl: scram('SCRAM-SHA-256'), ssl: { ca: ca() } }),
      'does not take the mechanism SCRAM-SHA-256. It takes PLAIN, SCRAM-SHA-512',
    ],
    'a token for somebody else': [
      () =>
        open('OAUTH', { sasl: { mechanism: 'OAUTHBEARER', token: () => secured.token('app', { audience: 'other' }) } }),
      'refuses the user "app" (OAUTHBEARER): the token is refused (invalid_token)',
    ],
    'an expired token': [
      () => open('OAUTH', { sasl: { mechanism: 'OAUTHBEARER', token: secured.token('app', { livesS: -60 }) } }),
      'the token is refused (invalid_token)',
    ],
    'a function that gives no text': [
      () => open('OAUTH', { sasl: { mechanism: 'OAUTHBEARER', token: () => undefined as never } }),
      'kafka({ sasl: { token } }) gave undefined; it must give a text',
    ],
    'an authority that is not known': [
      () => open('TLS', { ssl: { ca: secured.stranger.cert } }),
      'signed by nobody this client trusts. Set kafka({ ssl: { ca } })',
    ],
    'an expired certificate': [() => open('EXPIRED', { ssl: { ca: ca() } }), 'has a certificate that has expired'],
    'a certificate for another host': [
      () => open('OTHERNAME', { ssl: { ca: ca() } }),
      'has a certificate for another name',
    ],
    'no certificate of the client': [
      () => open('MUTUAL', { ssl: { ca: ca() } }),
      'wants a certificate of this client. Set kafka({ ssl: { cert, key } })',
    ],
    'a certificate of the client that somebody else signed': [
      () => open('MUTUAL', { ssl: { ca: ca(), cert: stranger.cert, key: stranger.key } }),
      'does not trust the certificate of this client',
    ],
  }
  for (const [name, [log, message]] of Object.entries(cases)) {
    test(name, { timeout: 60_000 }, async (context) => {
      await ready(context)
      await expect(log()).rejects.toMatchObject({
        code: 'VLX_NOT_AUTHENTICATED',
        retryable: false,
        message: expect.stringContaining(message),
      })
    })
  }
})

describe('says what the port speaks:', () => {
  const cases: Record<string, readonly [() => Promise<Log>, string]> = {
    'TLS, and the client does not': [() => open('TLS', {}), 'the broker speaks TLS on this port'],
    'no TLS, and the client does': [
      () => open('SASL', { sasl: plain(), ssl: true }),
      'does not speak TLS on this port',
    ],
    'SASL, and the client does not': [() => open('SASL', {}), 'set kafka({ ssl }) or kafka({ sasl })'],
    'no SASL, and the client does': [
      () => open('TLS', { sasl: plain(), ssl: { ca: secured.authority.cert } }),
      'takes no SASL on this port',
    ],
  }
  for (const [name, [log, message]] of Object.entries(cases)) {
    test(name, { timeout: 60_000 }, async (context) => {
      await ready(context)
      await expect(log()).rejects.toMatchObject({ message: expect.stringContaining(message) })
    })
  }
})

test('a function for a secret that fails is worth another try', { timeout: 60_000 }, async (context) => {
  await ready(context)
  const token = (): Promise<string> => Promise.reject(new Error('the token server is down'))
  await expect(open('OAUTH', { sasl: { mechanism: 'OAUTHBEARER', token } })).rejects.toMatchObject({
    code: 'VLX_LOG_UNAVAILABLE',
    message: expect.stringContaining('kafka({ sasl: { token } }) failed: the token server is down'),
  })
})

test('certificates that are none are refused before anything is connected', () => {
  expect(() => kafka({ brokers: 'a:1', ssl: { ca: '/etc/ssl/ca.pem', cert: '/etc/ssl/cert.pem' } })).toThrow(
    /kafka\(\{ ssl \}\) cannot be used: .*PEM texts/,
  )
})

test(
  'sessions that end are followed by new ones with the secret of then, and nothing is lost',
  { timeout: 90_000 },
  async (context) => {
    await ready(context)
    let password = 'rotating-SCRAM-SHA-512'
    const asked: string[] = []
    const log = await opened('SHORT', {
      sasl: {
        mechanism: 'SCRAM-SHA-512',
        username: 'rotating',
        password: () => {
          asked.push(password)
          return password
        },
      },
    })
    const topic = fresh('topic')
    await log.admin.createTopics([{ name: topic, partitions: 1, ...keep }])
    const member = await (await Member.join(log, fresh('group'), [topic])).holding(1)
    const written: string[] = []
    const read: string[] = []
    const goOn = async (isOver: () => boolean): Promise<void> => {
      do {
        await stored(log, [record(topic, 0, `${written.length}`)])
        written.push(`${written.length}`)
        const [batch] = await member.fetch(topic, 0, { offset: read.length })
        read.push(...batch!.records.map((each) => text(each.value)!))
        await member.commit(topic, 0, read.length)
      } while (!isOver())
    }
    const before = asked.length
    await goOn(() => asked.length >= before + 8)
    await secured.alterPassword('rotating', 'another')
    password = 'another'
    await goOn(() => asked.filter((each) => each === 'another').length >= 8)
    expect(read).toEqual(written)
    expect((await readAll(log, topic)).map((entry) => text(entry.value))).toEqual(written)
    expect(member.history.map(({ what }) => what)).toEqual(['assigned'])
    expect(member.failures).toEqual([])
  },
)

describe('with the rights of its user', () => {
  const [topicKind, groupKind] = [2, 3]
  const [read, write, create, describe_, describeConfigs] = [3, 4, 5, 8, 10]
  const limited = (user: string, listener: Listener = 'SASL'): Promise<Log> => opened(listener, { sasl: plain(user) })

  async function topicOfAdmin(): Promise<string> {
    const admin = await opened('SASL', { sasl: plain('admin') })
    const topic = fresh('topic')
    await admin.admin.createTopics([{ name: topic, partitions: 1, ...keep }])
    return topic
  }

  test(
    'the least of them are enough: read and write the topic, read the group',
    { timeout: 60_000 },
    async (context) => {
      await ready(context)
      const [topic, group] = [await topicOfAdmin(), fresh('group')]
      await secured.allow('least', topicKind, topic, [read, write])
      await secured.allow('least', groupKind, group, [read])
      const log = await limited('least')
      await log.admin.createTopics([{ name: topic, partitions: 1, retentionMs: 3_600_000, retentionBytes: 1_000_000 }])
      await stored(log, [record(topic, 0, 'one')])
      expect(await readAll(log, topic)).toHaveLength(1)
      const member = await (await Member.join(log, group, [topic])).holding(1)
      expect((await member.fetch(topic))[0]!.records).toHaveLength(1)
      await member.commit(topic, 0, 1)
      expect(member.failures).toEqual([])
    },
  )

  test(
    'one that lacks is named, with the thing, and the command that grants it',
    { timeout: 60_000 },
    async (context) => {
      await ready(context)
      const topic = await topicOfAdmin()
      const log = await limited('limited')
      const refused = async (asked: Promise<unknown>, resource: string, resourceName: string, operation: string) => {
        const flag = `--operation ${operation} --${resource} "${resourceName}"`
        await expect(asked).rejects.toMatchObject({
          ...{ code: 'VLX_NOT_AUTHORIZED', retryable: false, resource, resourceName, operation },
          message: expect.stringContaining(`kafka-acls.sh --add --allow-principal "User:limited" ${flag}`),
        })
      }
      const spec = { name: topic, partitions: 1, ...keep }
      const append = async (): Promise<void> => {
        const [outcome] = await log.append([record(topic, 0, 'one')])
        if ('error' in outcome!) throw outcome.error
      }
      const from = { topic, partition: 0, offset: 0, maxBytes: 1, maxWaitMs: 100 }
      await refused(log.admin.createTopics([spec]), 'topic', topic, 'Describe')
      await refused(append(), 'topic', topic, 'Describe')
      await refused(log.admin.offsets([topic]), 'topic', topic, 'Describe')
      await secured.allow('limited', topicKind, topic, [describe_])
      await refused(append(), 'topic', topic, 'Write')
      await refused(log.read(from), 'topic', topic, 'Read')
      await refused(log.admin.deleteTopic(topic), 'topic', topic, 'Delete')
      const missing = fresh('missing')
      await secured.allow('limited', topicKind, missing, [describe_])
      await refused(log.admin.createTopics([{ ...spec, name: missing }]), 'topic', missing, 'Create')
      await secured.allow('limited', topicKind, missing, [create, write])
      await log.admin.createTopics([{ ...spec, name: missing }])
      // May write elsewhere: the broker numbers this producer, and refuses the record.
      await refused(append(), 'topic', topic, 'Write')
      await secured.allow('limited', topicKind, topic, [describeConfigs])
      await refused(log.admin.createTopics([{ ...spec, retentionMs: 1_000 }]), 'topic', topic, 'AlterConfigs')
      const group = fresh('group')
      const member = (): Promise<Member> => Member.join(log, group, [topic])
      await refused(
        member().then((each) => each.holding(1)),
        'group',
        group,
        'Read',
      )
      await secured.allow('limited', groupKind, group, [read])
      // The position can be read; the records cannot.
      const reader = await (await member()).holding(1)
      await refused(reader.fetch(topic), 'topic', topic, 'Read')
      await refused(reader.commit(topic, 0, 0), 'topic', topic, 'Read')
    },
  )
})

describe('how brokers are, by TLS', () => {
  const asked = { prefix: 'none.', timeoutMs: 10_000, thorough: true }
  const health = async (listener: Listener, ssl: KafkaOptions['ssl']) =>
    (await opened(listener, { ssl: ssl! })).admin.topology!.health!(asked)
  const days = (ms: number): number => Math.round((ms - systemClock.now()) / 86_400_000)

  test('until when the certificates of broker and client hold', { timeout: 60_000 }, async (context) => {
    await ready(context)
    const { brokers, ownCertificate } = await health('MUTUAL', { ca: secured.authority.cert, ...client })
    expect(brokers).toMatchObject([
      { id: 1, address: secured.broker('MUTUAL'), trouble: undefined, certificate: { subject: 'CN=broker' } },
    ])
    expect(days(brokers[0]!.certificate!.validTo)).toBe(30)
    expect(ownCertificate!.subject).toContain('CN=client')
    expect(days(ownCertificate!.validTo)).toBe(30)
    expect(brokers[0]!.disks).toEqual([expect.objectContaining({ isWell: true, freeBytes: expect.any(Number) })])
  })

  test('one that has expired is told, also to who takes any', { timeout: 60_000 }, async (context) => {
    await ready(context)
    const { brokers } = await health('EXPIRED', { ca: secured.authority.cert, rejectUnauthorized: false })
    expect(brokers[0]!.certificate!.validTo).toBeLessThan(systemClock.now())
    const [finding] = certificateFindings(
      certificatesOf({ brokers, topics: [], ownCertificate: undefined }),
      systemClock.now(),
    )
    expect(finding).toMatchObject({
      status: 'wrong',
      says: expect.stringMatching(/^broker 1 at .* \(CN=broker\): expired/),
    })
  })

  test('without TLS there is none', { timeout: 60_000 }, async (context) => {
    await ready(context)
    const log = await opened('SASL', { sasl: plain() })
    expect((await log.admin.topology!.health!(asked)).brokers).toMatchObject([{ certificate: undefined }])
  })
})
