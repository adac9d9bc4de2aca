/**
 * Veltrix's gateway on Kafka: idempotent, acks=all.
 * @module
 */
import { createGateway } from '../../../src/gateway/index.ts'
import { kafkaApp, topicOf } from '../../kafka/app.ts'
import { countOf } from '../../kafka/topics.ts'
import type { Serving } from './serving.ts'

export default (async ({ brokers, app: name }) => {
  const gateway = createGateway(kafkaApp(brokers, name), { port: 0 })
  return { url: await gateway.start(), stored: () => countOf(brokers, topicOf(name)) }
}) satisfies Serving
