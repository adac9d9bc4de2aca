/**
 * Judges what a side published by reading it back: every event once, whole, in its key's partition, and in order by key.
 * @module
 */
import { compatibilityPartitioner, Consumer } from '@platformatic/kafka'
import { payloadBytes } from '../payload.ts'
import { keyCount, numberIn, partitionCount } from './event.ts'
import { checkSettings, countOf } from './topics.ts'

/** @throws naming the first thing that is wrong */
export async function checkContents(brokers: readonly string[], topic: string, events: number): Promise<void> {
  await checkSettings(brokers, topic)
  const stored = await countOf(brokers, topic)
  if (stored !== events) throw new Error(`${topic} has ${stored} records instead of ${events}.`)
  const consumer = new Consumer({
    clientId: 'bench-judge',
    bootstrapBrokers: [...brokers],
    groupId: `${topic}.judge`,
    groupProtocol: 'consumer',
  })
  try {
    const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false })
    const last = new Map<number, number>()
    let seen = 0
    for await (const { key, value, partition } of stream) {
      judge({ key, value, partition }, last)
      if (++seen === events) break
    }
  } finally {
    await consumer.close(true)
  }
}

interface Stored {
  readonly key: Buffer
  readonly value: Buffer
  readonly partition: number
}

/** @param last by key, the number of the event before */
function judge({ key, value, partition }: Stored, last: Map<number, number>): void {
  const number = numberIn(value.toString())
  const keyNumber = Number(key.toString().slice(1))
  const before = last.get(keyNumber) ?? keyNumber - keyCount
  last.set(keyNumber, number)
  // Keys go round, so the next of a key is always as far away: nothing is missing, repeated or out of order.
  if (number !== before + keyCount) throw new Error(`${key.toString()}: event ${number} is stored after ${before}.`)
  if (value.length !== payloadBytes) throw new Error(`Event ${number} has ${value.length} bytes.`)
  if ((compatibilityPartitioner({} as never, key) ?? 0) % partitionCount !== partition) {
    throw new Error(`Event ${number} of ${key.toString()} is in partition ${partition}.`)
  }
}
