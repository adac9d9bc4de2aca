/** The AsyncAPI document is valid by AsyncAPI's own JSON Schema, holds together, and says what the application does. */
import specification from '@asyncapi/specs/schemas/3.0.0.json' with { type: 'json' }
import { Ajv } from 'ajv'
import { beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { asyncApi } from '../../src/asyncapi/index.ts'
import { compile, defineVeltrix, event } from '../../src/config/index.ts'
import { kafka } from '../../src/transport/kafka/index.ts'
import { binary, running } from '../gateway/running.ts'

interface Document {
  readonly servers: Readonly<Record<string, object>>
  readonly channels: Readonly<Record<string, { readonly messages: object; readonly servers: readonly object[] }>>
  readonly operations: Readonly<
    Record<string, { readonly channel: { $ref: string }; readonly messages?: readonly { $ref: string }[] }>
  >
  readonly components: {
    readonly messages: Readonly<Record<string, object>>
    readonly schemas: Readonly<Record<string, object>>
  }
}

const documentOf = (...given: Parameters<typeof asyncApi>): Document => asyncApi(...given) as unknown as Document

let problemsOf: (document: unknown) => readonly unknown[]
beforeAll(() => {
  // The schema brings its own copy of JSON Schema's draft 7 with it.
  const ajv = new Ajv({ strict: false, validateFormats: false, meta: false, validateSchema: false })
  const validate = ajv.compile(specification)
  problemsOf = (document) => (validate(document) ? [] : validate.errors!)
})

const leaf: z.ZodType = z.lazy(() => z.object({ name: z.string(), children: z.array(leaf) }))

/** Names that are alike once cleaned, schemas that recur, differ between input and output, or have no JSON. */
const odd = compile(
  defineVeltrix({
    app: 'odd',
    lanes: { urgent: {}, rest: {} },
    streams: {
      things: {
        key: 'key',
        partitions: 3,
        retention: 'forever',
        compaction: true,
        replicationFactor: 3,
        events: {
          'a/b': event(z.object({ key: z.string(), enum: z.array(leaf) }), { lane: 'urgent' }),
          'a b': event(z.object({ key: z.string(), id: z.number() }), { lane: 'urgent' }),
          CloudEventHeaders: event(z.object({ key: z.string(), tree: leaf }), { lane: 'urgent' }),
          late: event(z.object({ key: z.string(), at: z.date() }), { lane: 'urgent' }),
          filled: event(z.object({ key: z.string(), count: z.number().default(1) }), { lane: 'urgent' }),
        },
      },
      others: {
        events: { other: event(z.object({ a: z.string() }), { lane: 'rest', secret: ['a'], key: (data) => data.a }) },
      },
    },
    subscriptions: { both: { events: ['filled', 'other'] } },
    transport: kafka({ brokers: 'broker-1:9092,[::1]:9093', ssl: true }),
  }),
)

/** What a reference points to; undefined when there is nothing. */
function found(document: object, reference: string): unknown {
  return reference
    .split('/')
    .slice(1)
    .reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], document)
}

function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, each]: [string, unknown]) =>
    name === '$ref' && typeof each === 'string' ? [each] : referencesIn(each),
  )
}

test('it is valid AsyncAPI 3.0, and a document that is not would be found', async () => {
  const { app } = await running()
  for (const config of [app.config, odd]) expect(problemsOf(asyncApi(config))).toEqual([])
  const { operations, ...rest } = documentOf(odd)
  expect(problemsOf({ ...rest, operations: { ...operations, bad: { action: 'publish' } } })).not.toEqual([])
})

test('every reference leads somewhere, and operations take messages of their own channel', () => {
  const document = documentOf(odd)
  const references = referencesIn(document)
  expect(references.length).toBeGreaterThan(30)
  expect(references.filter((each) => found(document, each) === undefined)).toEqual([])
  for (const { channel, messages = [] } of Object.values(document.operations)) {
    expect(messages.filter(({ $ref }) => !$ref.startsWith(`${channel.$ref}/messages/`))).toEqual([])
  }
})

test('topics are channels, with addresses and settings of Kafka; servers are the brokers', () => {
  const document = documentOf(odd, { gateway: new URL('https://events.example.com/in') })
  expect(document.servers).toMatchObject({
    'kafka-1': { host: 'broker-1:9092', protocol: 'kafka-secure' },
    'kafka-2': { host: '[::1]:9093', protocol: 'kafka-secure' },
    gateway: { host: 'events.example.com', pathname: '/in', protocol: 'https' },
  })
  expect(document.channels['things.urgent']).toMatchObject({
    address: 'odd.things.urgent',
    servers: [{ $ref: '#/servers/kafka-1' }, { $ref: '#/servers/kafka-2' }],
    bindings: {
      kafka: {
        partitions: 3,
        replicas: 3,
        topicConfiguration: { 'cleanup.policy': ['compact'], 'retention.ms': -1, 'retention.bytes': -1 },
      },
    },
  })
  expect(Object.keys(document.channels)).toEqual([
    'things.urgent',
    'things.rest',
    'others.urgent',
    'others.rest',
    'gateway',
  ])
})

test('publishers send where the usual lane of a type is; a subscription receives its types from every lane', () => {
  const { operations } = documentOf(odd)
  expect(Object.keys(operations)).toEqual([
    'send.things.urgent',
    'send.others.rest',
    'receive.both.things.urgent',
    'receive.both.things.rest',
    'receive.both.others.urgent',
    'receive.both.others.rest',
    'gateway.post',
  ])
  expect(operations['receive.both.things.rest']).toMatchObject({
    action: 'receive',
    messages: [{ $ref: '#/channels/things.rest/messages/filled' }],
    bindings: { kafka: { groupId: { enum: ['odd.both'] } } },
  })
  expect(operations['gateway.post']).toMatchObject({ action: 'receive', bindings: { http: { method: 'POST' } } })
})

test('odd types have a message and a schema each; what is sent and what is stored may differ', () => {
  const { messages, schemas } = documentOf(odd).components
  expect(Object.keys(messages)).toEqual(
    expect.arrayContaining(['a_b', 'a_b_2', 'CloudEventHeaders', 'a_b.http', 'a_b.http_2']),
  )
  expect(schemas).toMatchObject({
    // A property of this name is no list of data.
    a_b: { properties: { enum: { items: { $ref: '#/components/schemas/a_b/definitions/__schema0' } } } },
    CloudEventHeaders_2: {
      properties: { tree: { $ref: '#/components/schemas/CloudEventHeaders_2/definitions/__schema0' } },
    },
    late: { description: expect.stringContaining('Date') },
    filled: { required: ['key', 'count'] },
    'filled.input': { required: ['key'] },
  })
  expect(messages['filled.http']).toMatchObject({ payload: { $ref: '#/components/schemas/filled.input' } })
  const keyOf = (of: string): object => ({ bindings: { kafka: { key: { description: expect.stringContaining(of) } } } })
  expect(messages).toMatchObject({ filled: keyOf('the field key'), other: keyOf('a function') })
  expect(messages['other']).toMatchObject({ 'x-secret-fields': ['a'] })
})

test('what lies on the log is what the document says', async () => {
  const { app, post, stored } = await running()
  const document = documentOf(app.config)
  const ajv = new Ajv({ strict: false, validateFormats: false })
  ajv.addSchema({ components: document.components, $id: 'https://shop.example/' })
  const holds = (part: string, value: unknown): boolean =>
    ajv.validate({ $ref: `https://shop.example/#/components/messages/order.placed/${part}` }, value)
  expect((await post('/events', binary('a-1'), '{"orderId":"o-1"}')).status).toBe(202)
  const [{ attributes, data } = { attributes: {}, data: undefined }] = await stored()
  expect([holds('headers', attributes), holds('payload', data)]).toEqual([true, true])
  expect(holds('headers', { ...attributes, ce_type: 'order.exported' })).toBe(false)
  expect(holds('payload', { orderId: 7 })).toBe(false)
  const { ce_id: _, ...nameless } = attributes
  expect(holds('headers', nameless)).toBe(false)
})

test('without brokers to name, topics are on a server of their own and never on the gateway', async () => {
  const { app } = await running()
  const { servers, channels } = documentOf(app.config)
  expect(servers).toMatchObject({ log: { protocol: 'veltrix-embedded' }, gateway: { host: '127.0.0.1:4680' } })
  expect(channels['orders.bulk']!.servers).toEqual([{ $ref: '#/servers/log' }])
  const foreign = { ...app.config, transport: { name: 'nats' } as typeof app.config.transport }
  expect(documentOf(foreign).servers).toMatchObject({ log: { protocol: 'nats', host: 'unknown' } })
})
