/**
 * The gateway: one address that takes every type of event by POST.
 * @module
 */
import type { Messages } from './messages.ts'
import { ref, type Json } from './parts.ts'

export function gatewayChannel({ posted }: Messages): Json {
  return {
    address: '/events',
    title: 'Events over HTTP',
    description:
      'CloudEvents in binary mode, as described here; structured and batched mode, plain JSON at /events/{type}, answers and refusals are in the OpenAPI document of the gateway.',
    messages: Object.fromEntries([...posted.values()].map(({ name }) => [name, ref('components', 'messages', name)])),
    servers: [ref('servers', 'gateway')],
  }
}

export function gatewayOperation(): Json {
  return {
    action: 'receive',
    channel: ref('channels', 'gateway'),
    summary: 'Takes events over HTTP: 202 means that the event is durable',
    bindings: { http: { method: 'POST', bindingVersion: '0.3.0' } },
  }
}
