/**
 * What application it is: the typed file as the page sees it.
 * @module
 */
import { readFile } from 'node:fs/promises'
import type { CompiledConfig } from '../config/index.ts'
import { jsonSchemaOf } from '../event/index.ts'
import type { Rights, StreamView, SubscriptionView, SystemView } from './api/index.ts'

export interface SystemFacts {
  readonly config: CompiledConfig
  readonly place: string
  readonly inProcess: boolean
  readonly readOnly: boolean
  readonly rights: Rights
  readonly gateway: string | null
  readonly now: number
}

export async function systemView({ config, ...facts }: SystemFacts): Promise<SystemView> {
  return {
    ...facts,
    app: config.app,
    version: await packageVersion(),
    lanes: config.lanes.map(({ name }) => name),
    streams: streamsOf(config),
    subscriptions: subscriptionsOf(config),
  }
}

function streamsOf(config: CompiledConfig): StreamView[] {
  return [...config.streams.values()].map(({ name, partitions, topics }) => {
    const events = [...config.events.values()].filter(({ stream }) => stream === name)
    return {
      name,
      key: events.find(({ keyField }) => keyField !== undefined)?.keyField ?? null,
      partitions,
      topics: Object.fromEntries(topics),
      types: events.map(({ type, lane, schema, secret }) => {
        const json = jsonSchemaOf(schema, { side: 'input' })
        return { type, lane, schema: 'schema' in json ? json.schema : null, secret }
      }),
    }
  })
}

function subscriptionsOf(config: CompiledConfig): SubscriptionView[] {
  return [...config.subscriptions.values()].map((sub) => ({
    name: sub.name,
    types: [...sub.events],
    streams: [...new Set(sub.topics.map(({ stream }) => stream))],
    concurrency: sub.concurrency,
    attempts: sub.retry.attempts,
    onDeadLetter: sub.onDeadLetter,
    deadTopic: sub.deadTopic,
  }))
}

/** `embedded log`, `kafka broker-1:9092` */
export function placeOf({ transport }: CompiledConfig): string {
  if (transport === 'embedded') return 'embedded log .veltrix'
  const { name, servers = [] } = transport
  const { directory } = transport as { readonly directory?: string }
  if (directory !== undefined) return `${name} log ${directory}`
  return [name, ...servers.slice(0, 3).map(({ host }) => host)].join(' ')
}

let version: Promise<string> | undefined

/** From the package's own `package.json`, two directories up both from `src/dashboard` and from `dist/dashboard`. */
function packageVersion(): Promise<string> {
  version ??= readFile(new URL('../../package.json', import.meta.url), 'utf8').then(
    (text) => (JSON.parse(text) as { version: string }).version,
  )
  return version
}
