/**
 * The limits of a gateway as flags: named as the options of `createGateway` are. Each option's default holds where a flag is not given.
 * @module
 */
import type { ArgsDef } from 'citty'

export const limitArgs = {
  'max-body-bytes': { type: 'string', valueHint: 'size', description: 'Largest body of a request (default: 4MiB)' },
  'max-inflation': {
    type: 'string',
    valueHint: 'number',
    description: 'How many times as large a compressed body may become (default: 100)',
  },
  'max-batch-events': { type: 'string', valueHint: 'number', description: 'Events of one batch (default: 1000)' },
  'max-event-values': {
    type: 'string',
    valueHint: 'number',
    description: 'Fields and list entries of one event (default: 10000)',
  },
  'max-in-flight-events': {
    type: 'string',
    valueHint: 'number',
    description: 'Events being stored at once (default: 10000)',
  },
  'max-in-flight-bytes': {
    type: 'string',
    valueHint: 'size',
    description: 'What requests may hold in memory together (default: 256MiB)',
  },
  'urgent-reserve': {
    type: 'string',
    valueHint: 'share',
    description: 'Part of both, from 0 to below 1, that only the most urgent lane takes (default: 0.1)',
  },
  'rate-limit': {
    type: 'string',
    valueHint: 'lane=number[:burst]',
    description: 'Events a second that one publisher may send of a lane; may be given several times',
  },
  'max-connections': { type: 'string', valueHint: 'number', description: 'Connections at once (default: 10000)' },
  'headers-timeout': { type: 'string', valueHint: 'duration', description: 'For headers to arrive (default: 10s)' },
  'request-timeout': {
    type: 'string',
    valueHint: 'duration',
    description: 'For a whole request to arrive (default: 30s)',
  },
  'keep-alive-timeout': {
    type: 'string',
    valueHint: 'duration',
    description: 'How long a connection may be idle (default: 72s)',
  },
  'log-stall': {
    type: 'string',
    valueHint: 'duration',
    description: 'No answer of the log for so long: events are refused at once (default: 2s)',
  },
  'trusted-proxy': {
    type: 'string',
    valueHint: 'network',
    description: 'A proxy (address or CIDR) whose X-Forwarded-For is believed; may be given several times',
  },
} as const satisfies ArgsDef
