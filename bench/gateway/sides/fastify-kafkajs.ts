/**
 * What teams write by hand: Fastify, and kafkajs as its documentation shows it, a `send` per request, idempotent, acks=all.
 * @module
 */
import fastify from 'fastify'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { topicOf } from '../../kafka/app.ts'
import { countOf, createTopic } from '../../kafka/topics.ts'
import type { Serving } from './serving.ts'

export default (async ({ brokers, app }) => {
  const topic = topicOf(app)
  await createTopic(brokers, topic)
  const client = new Kafka({ clientId: 'bench', brokers: [...brokers], logLevel: logLevel.NOTHING })
  const producer = client.producer({ idempotent: true, createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  const server = fastify()
  server.post('/events', async (request, reply) => {
    const event = request.body as { key: string }
    const headers = Object.fromEntries(
      ['ce-specversion', 'ce-type', 'ce-source', 'ce-id'].map((name) => [name, request.headers[name] as string]),
    )
    await producer.send({ topic, acks: -1, messages: [{ key: event.key, value: JSON.stringify(event), headers }] })
    void reply.status(202)
    return { id: request.headers['ce-id'] }
  })
  return { url: await server.listen({ host: '127.0.0.1', port: 0 }), stored: () => countOf(brokers, topic) }
}) satisfies Serving
