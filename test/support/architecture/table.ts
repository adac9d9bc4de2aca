/**
 * The shape of `src/` as data: which room may import which, and the few exceptions with their reasons.
 * `docs/architecture.md` says the same in words.
 * @module
 */

export interface Room {
  /** Rooms whose door (`index.ts`) it may import. */
  readonly may: readonly string[]
  /** Rooms it may import types from, and nothing that is there at run time. */
  readonly mayTypes?: readonly string[]
  /** Packages beside `anyRoomPackages`. */
  readonly packages?: readonly string[]
}

export interface Table {
  readonly rooms: Readonly<Record<string, Room>>
  /** Files at the root of src that every room may import, and that import no room. */
  readonly leaves: readonly string[]
  /** Packages every room may import. */
  readonly anyRoomPackages: readonly string[]
  readonly maxLines: number
  readonly exceptions: readonly Exception[]
}

/** One rule not holding for one file, and why. An exception nobody needs any more is a violation itself. */
export interface Exception {
  readonly file: string
  readonly rule: Rule
  readonly reason: string
}

export type Rule =
  | 'syntax'
  | 'import-table'
  | 'door'
  | 'cycle'
  | 'package'
  | 'literal-import'
  | 'time'
  | 'name'
  | 'size'
  | 'exception'

const rooms = ['event', 'transport', 'config', 'publisher', 'deadletter', 'inbox', 'worker']

export const table: Table = {
  rooms: {
    event: { may: [] },
    transport: { may: [] },
    'transport/embedded': { may: ['transport'] },
    'transport/kafka': { may: ['transport'], packages: ['@platformatic/kafka'] },
    config: { may: ['event'], mayTypes: ['transport'] },
    publisher: { may: ['event', 'config', 'transport'] },
    deadletter: { may: ['event', 'config', 'transport', 'publisher'] },
    inbox: { may: [] },
    cluster: { may: [] },
    worker: { may: ['event', 'config', 'transport', 'deadletter'], mayTypes: ['inbox'] },
    tail: { may: [], mayTypes: ['config', 'transport'] },
    'gateway/access': { may: ['event', 'config'], packages: ['jose'] },
    'gateway/ids': { may: ['event', 'transport'], mayTypes: ['config'] },
    gateway: {
      may: ['event', 'config', 'tail', 'gateway/access', 'gateway/ids'],
      mayTypes: ['transport'],
      packages: ['fastify', '@fastify/cors'],
    },
    client: { may: [], mayTypes: ['config'] },
    topology: { may: ['event', 'config', 'transport', 'deadletter'] },
    asyncapi: { may: ['event', 'config'], mayTypes: ['transport'] },
    'telemetry/lag': { may: ['worker'], mayTypes: ['config', 'transport'] },
    'telemetry/metrics': { may: ['deadletter', 'telemetry/lag'], mayTypes: ['config', 'transport'] },
    otel: {
      may: ['telemetry/metrics', 'telemetry/tracing'],
      mayTypes: ['config', 'transport'],
      packages: [
        '@opentelemetry/api',
        '@opentelemetry/context-async-hooks',
        '@opentelemetry/exporter-metrics-otlp-proto',
        '@opentelemetry/exporter-trace-otlp-proto',
        '@opentelemetry/resources',
        '@opentelemetry/sdk-metrics',
        '@opentelemetry/sdk-trace',
      ],
    },
    canary: { may: [], mayTypes: ['config', 'transport'] },
    'telemetry/live': { may: [] },
    'dashboard/api': { may: [] },
    'dashboard/page': { may: [], mayTypes: ['dashboard/api'], packages: ['preact', 'htm', 'uplot'] },
    dashboard: {
      may: [
        'event',
        'config',
        'transport',
        'worker',
        'deadletter',
        'tail',
        'topology',
        'gateway/access',
        'telemetry/lag',
        'telemetry/live',
      ],
      mayTypes: ['dashboard/api'],
      packages: ['fastify', '@marcbachmann/cel-js'],
    },
    'telemetry/tracing': { may: ['event'], packages: ['@opentelemetry/api'] },
    'veltrix.ts': { may: rooms },
    'index.ts': { may: [...rooms, 'veltrix.ts', 'transport/embedded'] },
    testing: { may: [...rooms, 'veltrix.ts', 'index.ts', 'transport/embedded'] },
    cli: {
      may: [
        ...rooms,
        'topology',
        'tail',
        'gateway',
        'asyncapi',
        'canary',
        'telemetry/lag',
        'telemetry/live',
        'dashboard',
        'otel',
        'veltrix.ts',
        'index.ts',
        'transport/embedded',
        'transport/kafka',
        'cluster',
      ],
      packages: ['citty', '@clack/prompts'],
    },
  },
  leaves: ['errors.ts', 'clock.ts', 'channels.ts', 'thread-file.ts'],
  anyRoomPackages: ['@standard-schema/spec'],
  maxLines: 350,
  exceptions: [
    { file: 'clock.ts', rule: 'time', reason: 'it is the clock' },
    { file: 'dashboard/page/clock.ts', rule: 'time', reason: "it is the browser's clock" },
    { file: 'testing/clock.ts', rule: 'time', reason: 'between virtual instants it lets real input and output happen' },
    { file: 'cli/app-module.ts', rule: 'literal-import', reason: "it loads the user's own application file" },
  ],
}
