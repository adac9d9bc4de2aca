/** `GET /tail` of a gateway on real brokers. */
import { expect, onTestFinished, test, type TestContext } from 'vitest'
import { kafka } from '../../src/transport/kafka/index.ts'
import { KafkaCluster, missingKafka } from '../support/kafka-cluster.ts'
import { sharedKafka } from '../support/kafka-shared.ts'
import { requirePart } from '../support/parts.ts'
import { binary, runningOn } from './running.ts'

type Running = Awaited<ReturnType<typeof runningOn>>

let names = 0

async function gatewaysOnKafka(context: TestContext, count: number) {
  await requirePart(context, 'Kafka', missingKafka)
  const brokers = await sharedKafka()
  const name = `tail-${process.pid}-${++names}`
  const gateways = []
  for (let nth = 0; nth < count; nth++) gateways.push(await runningOn(kafka({ brokers }), { name }))
  return { name, gateways }
}

/** The gateway said that it cannot read the log, which is the end of the answer. */
class TailFailed extends Error {}

interface Shown {
  readonly place: string
  readonly id: string
  readonly orderId: string
}

/** Follows from when it resolves; what has no position is left out. */
async function following(url: string, query = ''): Promise<(count: number) => Promise<readonly Shown[]>> {
  const leave = new AbortController()
  onTestFinished(() => leave.abort())
  const response = await fetch(`${url}/tail${query}`, { signal: leave.signal })
  expect(response.status).toBe(200)
  // Locked at once: the body of a response that nobody holds is cancelled when it is collected.
  const shown = shownIn(response.body!.getReader())
  return async (count) => {
    const taken: Shown[] = []
    while (taken.length < count) {
      const { done, value } = await shown.next()
      if (done === true) throw new Error(`The answer ended after ${taken.length} of ${count} events.`)
      taken.push(value)
    }
    return taken
  }
}

async function* shownIn(body: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<Shown> {
  let text = ''
  const decoder = new TextDecoder()
  for (let { done, value } = await body.read(); !done; { done, value } = await body.read()) {
    text += decoder.decode(value, { stream: true })
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const block = text.slice(0, end)
      text = text.slice(end + 2)
      if (block.startsWith('event: failed')) throw new TailFailed(block)
      const place = /^id: (.*)$/m.exec(block)?.[1]
      const said = /^data: (.*)$/m.exec(block)?.[1]
      if (place === undefined || said === undefined) continue
      const { id, data } = JSON.parse(said) as { id: string; data: { orderId: string } }
      yield { place, id, orderId: data.orderId }
    }
  }
}

async function postAll(url: string, ids: readonly string[], more: Record<string, string> = {}): Promise<void> {
  const answers = await Promise.all(
    ids.map((id) => fetch(`${url}/events`, { method: 'POST', headers: binary(id, more), body: `{"orderId":"${id}"}` })),
  )
  expect(answers.filter(({ status }) => status !== 202)).toEqual([])
}

const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, nth) => `${prefix}-${nth}`)

/** By topic and partition, the offsets in the order they were shown. */
function offsetsIn(shown: readonly Shown[]): Record<string, number[]> {
  const offsets: Record<string, number[]> = {}
  for (const { place } of shown) {
    const [where, offset] = place.split('@') as [string, string]
    ;(offsets[where] ??= []).push(Number(offset))
  }
  return offsets
}

test('what is posted at another gateway is shown once, with its position, in order; none of before', async (context) => {
  const { name, gateways } = await gatewaysOnKafka(context, 2)
  const [here, there] = gateways as [Running, Running]
  await postAll(there.url, numbered('before', 20))
  const next = await following(here.url)
  const ids = numbered('e', 200)
  await postAll(there.url, ids)
  const shown = await next(200)
  expect(shown.map(({ id }) => id).toSorted()).toEqual(ids.toSorted())
  expect(shown.every(({ id, orderId }) => id === orderId)).toBe(true)
  const log = await there.app.open()
  const ends = await log.admin.offsets([`${name}.orders.critical`])
  const from = offsetsIn(shown)
  for (const { topic, partition, end } of ends) {
    const offsets = from[`${topic}/${partition}`]!
    expect(offsets).toEqual(offsets.map((_, nth) => end - offsets.length + nth))
  }
}, 180_000)

test('lanes and types are chosen; a reader that comes later begins at its own end', async (context) => {
  const { gateways } = await gatewaysOnKafka(context, 1)
  const [{ url }] = gateways as [Running]
  const bulk = await following(url, '?lane=bulk')
  const placed = await following(url, '?type=order.placed')
  await postAll(url, ['b-1'], { 'ce-type': 'order.exported' })
  await postAll(url, ['p-1'])
  const late = await following(url)
  await postAll(url, ['p-2'])
  await postAll(url, ['b-2'], { 'ce-type': 'order.exported' })
  const ids = async (next: Awaited<ReturnType<typeof following>>) => (await next(2)).map(({ id }) => id)
  expect([await ids(bulk), await ids(placed), (await ids(late)).toSorted()]).toEqual([
    ['b-1', 'b-2'],
    ['p-1', 'p-2'],
    ['b-2', 'p-2'],
  ])
}, 180_000)

test('while a broker dies a reader is shown what is stored, or told that the log cannot be read and shown it when it asks again', async (context) => {
  await requirePart(context, 'Kafka', missingKafka)
  const cluster = await KafkaCluster.start()
  onTestFinished(() => cluster.stop())
  const { url } = await runningOn(kafka({ brokers: cluster.brokers }))
  let next = await following(url)
  await postAll(url, numbered('before', 50))
  expect(await next(50)).toHaveLength(50)
  await cluster.kill(1)
  for (let round = 0; ; round++) {
    const ids = numbered(`after-${round}`, 50)
    // Events may be refused while a partition has no leader; a repeat is not stored again.
    await expect.poll(() => taken(postAll(url, ids)), { timeout: 60_000 }).toBe(true)
    try {
      const shown = new Set<string>()
      while (shown.size < ids.length) for (const { id } of await next(1)) shown.add(id)
      expect([...shown].toSorted()).toEqual(ids.toSorted())
      return
    } catch (error) {
      if (!(error instanceof TailFailed)) throw error
      const again = async (): Promise<boolean> => taken(following(url).then((later) => (next = later)))
      await expect.poll(again, { timeout: 60_000 }).toBe(true)
    }
  }
}, 240_000)

function taken(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  )
}
