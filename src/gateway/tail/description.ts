/**
 * `GET /tail` in the gateway's OpenAPI document.
 * @module
 */
import type { CompiledConfig } from '../../config/index.ts'

type Json = Readonly<Record<string, unknown>>

/** @param refusals responses by status */
export function tailPath({ lanes }: Pick<CompiledConfig, 'lanes'>, refusals: Json): Json {
  const lane = { type: 'string', enum: lanes.map(({ name }) => name) }
  return {
    get: {
      summary: 'New events as they come, as server-sent events',
      description:
        'id is the position in the log, event the type, data a CloudEvent in JSON. Without an id come: dropped, with the count of events this reader was too slow for; unreadable, a record that is no event; failed, a problem, and then the end.',
      parameters: [
        parameter('type', 'Types by name, or order.* for whatever begins so; may be repeated', {
          type: 'string',
        }),
        parameter('lane', 'Lanes; may be repeated', lane),
      ],
      responses: { 200: { description: 'Events', content: { 'text/event-stream': {} } }, ...refusals },
    },
  }
}

function parameter(name: string, description: string, items: Json): Json {
  return { name, in: 'query', description, required: false, explode: true, schema: { type: 'array', items } }
}
