/** A dead letter keeps what another producer wrote, byte for byte, and tells its story in headers of known names. @module */
import { expect, test } from 'vitest'
import { veltrix } from '../../src/index.ts'
import { testApp } from '../../src/testing/index.ts'
import type { AppendRecord } from '../../src/transport/index.ts'
import { kept, steps } from './steps.ts'

const attributes = [
  ['ce_specversion', '1.0'],
  ['ce_id', 'from elsewhere'],
  ['ce_source', 'urn:elsewhere'],
  ['ce_type', 'step'],
] as const

/** An event with a payload and headers that nobody here would write, and a record that is no event at all. */
const foreign: AppendRecord[] = [
  {
    topic: 'steps.s.standard',
    partition: 0,
    key: Buffer.from('kéy'),
    value: Buffer.from('{ "key" :"k\\u00e9y",\n"n": 1e0, "more": [1.50] }'),
    headers: [
      ...attributes,
      ['raw', Uint8Array.from([0, 255, 254, 10])],
      ['raw', 'twice'],
      ['', 'without a name'],
      ['veltrix-dead-reason', 'forged'],
      ['veltrix-dead-headers', '3'],
    ],
    timestamp: 1_234_567_890_123,
  },
  {
    topic: 'steps.s.standard',
    partition: 0,
    key: Uint8Array.from([0xff, 0xfe]),
    value: Uint8Array.from([0, 1, 2, 0x7b]),
    headers: [['x', new Uint8Array()]],
    timestamp: 0,
  },
]

test('as it was written, with reason, error chain, attempts, times and origin beside it', async () => {
  const app = veltrix(steps({ retry: { attempts: 2, backoff: '1ms..2ms' } })).handle('sub', 'step', () => {
    throw new Error('declined', { cause: new RangeError('limit reached') })
  })
  await using test = await testApp(app)
  const log = await test.app.open()
  await log.append(foreign)
  const letters = await kept(test, 2)
  const list = (await letters.list('sub')).letters
  for (const [offset, written] of foreign.entries()) {
    const { id } = list.find(({ origin }) => origin.offset === offset)!
    const { record } = await letters.show('sub', id)
    expect(Buffer.from(record.key!).equals(written.key!)).toBe(true)
    expect(Buffer.from(record.value!).equals(written.value!)).toBe(true)
    expect(record.timestamp).toBe(written.timestamp)
    const bytes = (value: Uint8Array | string): string => Buffer.from(value as string).toString('hex')
    expect([...record.headers].map(([name, value]) => [name, bytes(value)])).toEqual(
      written.headers.map(([name, value]) => [name, bytes(value)]),
    )
  }
  const { records } = await log.read({
    topic: 'steps.sub.dead',
    partition: 0,
    offset: 0,
    maxBytes: 1 << 20,
    maxWaitMs: 0,
  })
  const dead = records.find((record) => record.headers.text('veltrix-dead-offset') === '0')!
  const header = (name: string): string => dead.headers.text(`veltrix-dead-${name}`)!
  expect(header('reason')).toBe('attempts-exhausted')
  expect(header('attempts')).toBe('2')
  expect(header('topic')).toBe('steps.s.standard')
  expect(header('partition')).toBe('0')
  expect(header('subscription')).toBe('sub')
  expect(header('lane')).toBe('standard')
  expect(header('timestamp')).toBe('1234567890123')
  const { chain } = JSON.parse(header('error')) as { chain: { name: string; message: string }[] }
  expect(chain.map(({ name, message }) => `${name}: ${message}`)).toEqual([
    'Error: declined',
    'RangeError: limit reached',
  ])
  const times = ['first-attempt-at', 'last-attempt-at', 'at'].map((name) => Date.parse(header(name)))
  expect(times).toEqual(times.toSorted((a, b) => a - b))
  expect(times.every((time) => Math.abs(time - test.clock.now()) < 60_000)).toBe(true)
  const other = records.find((record) => record.headers.text('veltrix-dead-offset') === '1')!
  expect(other.headers.text('veltrix-dead-reason')).toBe('invalid-event')
})
