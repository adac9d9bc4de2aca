/**
 * Options of the Kafka transport, and their compiled form.
 * @module
 */
import { createSecureContext } from 'node:tls'

/** Options of {@link kafka}. Times are milliseconds, sizes are bytes. */
export interface KafkaOptions {
  /**
   * Where the cluster is found first: `host:port`, several separated by commas or as an array. No default.
   * Kafka: `bootstrap.servers`.
   */
  readonly brokers: string | readonly string[]
  /** The name brokers log and show for this client. Default: what `open()` is given (`app@host:pid`). Kafka: `client.id`. */
  readonly clientId?: string
  /**
   * Copies of every topic that is made. Default 3, or the number of brokers when there are fewer.
   * Kafka: `replication.factor` (`default.replication.factor`).
   */
  readonly replicationFactor?: number
  /**
   * Copies that must have a record before it is acknowledged, of every topic that is made. Default 2, or 1 when there is
   * only one copy. Kafka: `min.insync.replicas`.
   */
  readonly minInsyncReplicas?: number
  /**
   * Whether starting an application makes its missing topics and updates retention. False leaves that to `veltrix apply`: then a
   * missing topic is an error, and the user needs no right to create or alter topics. Default true.
   */
  readonly createTopics?: boolean
  /** TLS: `true`, or certificates for it. Default false. Kafka: `security.protocol`, `ssl.*`. */
  readonly ssl?: boolean | KafkaTls
  /** Who this client is. Default: nobody. Kafka: `sasl.mechanism`, `sasl.jaas.config`. */
  readonly sasl?: KafkaSasl
  /** Where this client runs: records are then read from a copy in the same rack. Default none. Kafka: `client.rack`. */
  readonly rack?: string
  /** How long a broker may take to accept a connection, in milliseconds. Default 5 s. Kafka: `socket.connection.setup.timeout.ms`. */
  readonly connectTimeout?: number
  /** How long a broker may take to answer one request, in milliseconds. Default 30 s. Kafka: `request.timeout.ms`. */
  readonly requestTimeout?: number
  /**
   * How long an append goes on trying while a partition has no leader or too few copies, in milliseconds.
   * Default 2 minutes. Kafka: `delivery.timeout.ms`.
   */
  readonly deliveryTimeout?: number
  /** Pause before a request that failed is tried again, in milliseconds. Default 100. Kafka: `retry.backoff.ms`. */
  readonly retryBackoff?: number
  /**
   * About how much of one partition goes into one request, in bytes. Default 256 KiB. A broker hands out whole batches, so
   * a large one costs memory where it is read. Kafka: `batch.size`.
   */
  readonly batchBytes?: number
  /**
   * Largest record (key + headers + value), in bytes. Default 1,000,000, which every broker takes; topics made here get
   * what a larger value needs. Kafka: `max.message.bytes`, `max.request.size`.
   */
  readonly maxRecordBytes?: number
  /**
   * How batches are packed: `none`, `gzip`, `snappy`, `lz4` or `zstd`. Default `none`. Every one is read, whatever is said here.
   * Kafka: `compression.type`.
   */
  readonly compression?: KafkaCompression
  /**
   * Whether the checksum of every batch is checked when it is read, so that damage on a disk or on the way is an error and never an
   * event. Default true; see docs/reference/kafka.md for its price. Kafka: `check.crcs`.
   */
  readonly checkCrcs?: boolean
  /**
   * Longest time between two heartbeats of a member, in milliseconds. Default 1 s; never longer than the broker asks for.
   * Short ones make changes of the group quick. Kafka: `group.consumer.heartbeat.interval.ms`.
   */
  readonly heartbeatInterval?: number
  /**
   * Which of Kafka's protocols members of groups use. `consumer` is the newer one (KIP-848, Kafka 4.0), where the broker shares partitions
   * out; `classic` is the one every broker has. Default `auto`: the newer one where the broker has it. Kafka: `group.protocol`.
   */
  readonly groupProtocol?: 'auto' | 'consumer' | 'classic'
  /**
   * Makes members static: one that comes back with the same id before its session is over gets its partitions back, and the others keep
   * theirs. Must be another for every process, such as the name of a pod; a function is given the group. A second member of one group
   * in the process is `<id>-2`. Default none. Kafka: `group.instance.id`.
   */
  readonly instanceId?: string | ((group: string) => string)
  /** How long a member may take to give back partitions, in milliseconds. Default 60 s. Kafka: `max.poll.interval.ms`. */
  readonly rebalanceTimeout?: number
  /**
   * How long a transaction (a commit that stores records, of subscriptions with `exactlyOnce`) may be open, in milliseconds. Readers of
   * its partitions wait for one that a dead member left open, and members that take over do too: at most this long, and up to 10 s more
   * until the broker looks (`transaction.abort.timed.out.transaction.cleanup.interval.ms`). Default 15 s. Kafka: `transaction.timeout.ms`.
   */
  readonly transactionTimeout?: number
}

export type KafkaCompression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** PEM texts, as Node's `tls.connect` takes them. */
export interface KafkaTls {
  /** Who may have signed the brokers' certificates. Default: the authorities Node knows. Kafka: `ssl.truststore.certificates`. */
  readonly ca?: string | readonly string[]
  /** Certificate of this client (mutual TLS). Kafka: `ssl.keystore.certificate.chain`. */
  readonly cert?: string
  /** Its private key. Kafka: `ssl.keystore.key`. */
  readonly key?: string
  /** Password of the key. Kafka: `ssl.key.password`. */
  readonly passphrase?: string
  /** Name in the brokers' certificates. Default: the host that is connected to. Kafka: `ssl.endpoint.identification.algorithm`. */
  readonly servername?: string
  /** False takes any certificate. Only for tests. Default true. */
  readonly rejectUnauthorized?: boolean
}

type Secret = string | (() => string | Promise<string>)

/** How this client says who it is. A function is asked at every new connection. */
export type KafkaSasl =
  | {
      readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
      readonly username: Secret
      readonly password: Secret
    }
  | { readonly mechanism: 'OAUTHBEARER'; readonly token: Secret }

/** {@link KafkaOptions} with every default filled in. */
export interface CompiledOptions {
  readonly brokers: readonly { readonly host: string; readonly port: number }[]
  readonly clientId: string | undefined
  readonly replicationFactor: number | undefined
  readonly minInsyncReplicas: number | undefined
  readonly createTopics: boolean
  readonly tls: KafkaTls | undefined
  readonly sasl: KafkaSasl | undefined
  readonly rack: string
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly deliveryTimeoutMs: number
  readonly retryBackoffMs: number
  readonly batchBytes: number
  readonly maxRecordBytes: number
  readonly compression: KafkaCompression
  readonly checkCrcs: boolean
  readonly heartbeatIntervalMs: number
  readonly rebalanceTimeoutMs: number
  readonly groupProtocol: 'auto' | 'consumer' | 'classic'
  readonly transactionTimeoutMs: number
}

const optionNames = Object.keys({
  brokers: true,
  clientId: true,
  replicationFactor: true,
  minInsyncReplicas: true,
  createTopics: true,
  ssl: true,
  sasl: true,
  rack: true,
  connectTimeout: true,
  requestTimeout: true,
  deliveryTimeout: true,
  retryBackoff: true,
  batchBytes: true,
  maxRecordBytes: true,
  compression: true,
  checkCrcs: true,
  heartbeatInterval: true,
  rebalanceTimeout: true,
  groupProtocol: true,
  instanceId: true,
  transactionTimeout: true,
} satisfies Record<keyof KafkaOptions, true>)

const longest = 2 ** 31 - 1
const MiB = 1024 * 1024

/**
 * Checks and fills the defaults.
 * @throws RangeError naming the option
 */
export function compileOptions(options: KafkaOptions): CompiledOptions {
  for (const name of Object.keys(options)) {
    if (optionNames.includes(name)) continue
    throw new RangeError(`kafka({ ${name} }): there is no such option. Known: ${optionNames.join(', ')}.`)
  }
  const copies = within('replicationFactor', options.replicationFactor, 1, 32_767)
  const inSync = within('minInsyncReplicas', options.minInsyncReplicas, 1, 32_767)
  if (copies !== undefined && inSync !== undefined && inSync > copies) {
    throw new RangeError(
      `kafka({ minInsyncReplicas }) is ${inSync}, but kafka({ replicationFactor }) makes only ${copies} copies: nothing could ever be stored. Ask for fewer.`,
    )
  }
  return {
    brokers: compileBrokers(options.brokers),
    clientId: text('clientId', options.clientId),
    replicationFactor: copies,
    minInsyncReplicas: inSync,
    createTopics: yesOrNo('createTopics', options.createTopics) ?? true,
    tls: compileTls(options.ssl),
    sasl: compileSasl(options.sasl),
    rack: text('rack', options.rack) ?? '',
    connectTimeoutMs: within('connectTimeout', options.connectTimeout, 1, longest) ?? 5_000,
    requestTimeoutMs: within('requestTimeout', options.requestTimeout, 1_000, longest) ?? 30_000,
    deliveryTimeoutMs: within('deliveryTimeout', options.deliveryTimeout, 1, longest) ?? 120_000,
    retryBackoffMs: within('retryBackoff', options.retryBackoff, 1, 60_000) ?? 100,
    batchBytes: within('batchBytes', options.batchBytes, 1, 64 * MiB) ?? 256 * 1024,
    maxRecordBytes: within('maxRecordBytes', options.maxRecordBytes, 1, 64 * MiB) ?? 1_000_000,
    compression: compileCompression(options.compression),
    checkCrcs: flag('checkCrcs', options.checkCrcs) ?? true,
    heartbeatIntervalMs: within('heartbeatInterval', options.heartbeatInterval, 10, 600_000) ?? 1_000,
    rebalanceTimeoutMs: within('rebalanceTimeout', options.rebalanceTimeout, 1, longest) ?? 60_000,
    groupProtocol: compileGroupProtocol(options.groupProtocol),
    transactionTimeoutMs: within('transactionTimeout', options.transactionTimeout, 1_000, longest) ?? 15_000,
  }
}

function compileGroupProtocol(given: KafkaOptions['groupProtocol'] = 'auto'): CompiledOptions['groupProtocol'] {
  if (['auto', 'consumer', 'classic'].includes(given)) return given
  throw new RangeError(`kafka({ groupProtocol }) is ${shown(given)}; it must be "auto", "consumer" or "classic".`)
}

const compressions: readonly KafkaCompression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

function compileCompression(given: KafkaCompression | undefined): KafkaCompression {
  if (given === undefined) return 'none'
  if (compressions.includes(given)) return given
  throw new RangeError(`kafka({ compression }) is ${shown(given)}; it must be one of ${compressions.join(', ')}.`)
}

function compileBrokers(given: unknown): CompiledOptions['brokers'] {
  const list = (Array.isArray(given) ? given : [given]).flatMap((each) =>
    typeof each === 'string' ? each.split(',').map((part) => part.trim()) : [each],
  )
  return list.map((each) => {
    const match = typeof each === 'string' ? /^(?:\[([^\]]+)\]|([^:/\s]+)):(\d+)$/.exec(each) : null
    const port = Number(match?.[3])
    if (match !== null && port >= 1 && port <= 65_535) return { host: (match[1] ?? match[2])!, port }
    throw new RangeError(
      `kafka({ brokers }) has ${shown(each)}; it must be host:port, such as "127.0.0.1:9092" or "a:9092,b:9092".`,
    )
  })
}

function compileTls(ssl: unknown): KafkaTls | undefined {
  if (ssl === undefined || ssl === false) return undefined
  if (ssl === true) return {}
  if (typeof ssl === 'object' && ssl !== null) {
    try {
      createSecureContext(ssl)
      return { ...ssl }
    } catch (cause) {
      throw new RangeError(
        `kafka({ ssl }) cannot be used: ${(cause as Error).message}. It takes PEM texts (not names of files): { ca, cert, key, passphrase }.`,
        { cause },
      )
    }
  }
  throw new RangeError(`kafka({ ssl }) is ${shown(ssl)}; it must be true, false, or { ca, cert, key }.`)
}

function compileSasl(sasl: KafkaSasl | undefined): KafkaSasl | undefined {
  if (sasl === undefined) return undefined
  const given = sasl as Partial<Record<string, unknown>>
  const needed = neededFor[String(given['mechanism'])]
  if (needed === undefined) {
    throw new RangeError(
      `kafka({ sasl: { mechanism } }) is ${shown(given['mechanism'])}; it must be one of ${Object.keys(neededFor).join(', ')}.`,
    )
  }
  for (const name of needed) {
    const kind = typeof given[name]
    if (kind === 'string' || kind === 'function') continue
    // What it is stays unsaid: it may be a secret.
    throw new RangeError(`kafka({ sasl: { ${name} } }) must be a text, or a function that gives one.`)
  }
  return sasl
}

const neededFor: Readonly<Record<string, readonly string[]>> = {
  PLAIN: ['username', 'password'],
  'SCRAM-SHA-256': ['username', 'password'],
  'SCRAM-SHA-512': ['username', 'password'],
  OAUTHBEARER: ['token'],
}

function flag(name: string, value: unknown): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value
  throw new RangeError(`kafka({ ${name} }) is ${shown(value)}; it must be true or false.`)
}

function text(name: string, value: unknown): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value
  throw new RangeError(`kafka({ ${name} }) is ${shown(value)}; it must be a text that is not empty.`)
}

function yesOrNo(name: string, value: unknown): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value
  throw new RangeError(`kafka({ ${name} }) is ${shown(value)}; it must be true or false.`)
}

function within(name: string, value: number | undefined, least: number, most: number): number | undefined {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least && value <= most)) return value
  throw new RangeError(`kafka({ ${name} }) is ${shown(value)}; it must be a whole number from ${least} to ${most}.`)
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}
