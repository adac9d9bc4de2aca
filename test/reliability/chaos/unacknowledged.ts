/**
 * The transport of a control run: it appends with acks=0, as the client's own producer does, and takes what was sent for stored. A run with
 * it has to be found wanting.
 * @module
 */
import { Producer } from '@platformatic/kafka'
import {
  LogUnavailable,
  type AppendOutcome,
  type AppendRecord,
  type Log,
  type Transport,
} from '../../../src/transport/index.ts'
import { messageOf } from '../../support/kafka-message.ts'

export function withoutAcknowledgement(transport: Transport, brokers: readonly string[]): Transport {
  return {
    ...transport,
    open: async (options) => {
      const log = await transport.open(options)
      const producer = new Producer({ clientId: options.clientId, bootstrapBrokers: [...brokers], acks: 0, retries: 0 })
      return appendingThrough(log, producer)
    },
  }
}

function appendingThrough(log: Log, producer: Producer): Log {
  const append = async (records: readonly AppendRecord[]): Promise<readonly AppendOutcome[]> => {
    const sent = await producer
      .send({ messages: records.map(messageOf) as never, acks: 0 })
      .then(() => undefined)
      .catch((cause: Error) => new LogUnavailable(`The producer says: ${cause.message}`, { cause }))
    return records.map(() => (sent === undefined ? { offset: 0 } : { error: sent }))
  }
  const close = async (): Promise<void> => {
    await producer.close()
    await log.close()
  }
  return new Proxy(log, {
    get(target, property) {
      if (property === 'append') return append
      if (property === 'close') return close
      const found = Reflect.get(target, property) as unknown
      return typeof found === 'function' ? found.bind(target) : found
    },
  })
}
