/**
 * A bare Fastify server, as its documentation shows one: parses the JSON, stores nothing, checks nothing, answers 202.
 * @module
 */
import fastify from 'fastify'
import type { Serving } from './serving.ts'

export default (async () => {
  const server = fastify({ bodyLimit: 4 * 1024 * 1024 })
  server.addContentTypeParser('application/cloudevents-batch+json', { parseAs: 'string' }, (_request, body, done) => {
    done(null, JSON.parse(body as string))
  })
  server.post('/events', (request, reply) => {
    void reply.status(202)
    return { id: request.headers['ce-id'] ?? (request.body as unknown[]).length }
  })
  return { url: await server.listen({ host: '127.0.0.1', port: 0 }), stored: () => Promise.resolve(undefined) }
}) satisfies Serving
