/**
 * What the application's ledger topic says: which topics are owned, the schemas in use, and a plan that was begun.
 * Every record's key is what it is about; the last one of a key counts, an empty one takes it back.
 * @module
 */
import type { Log } from '../transport/index.ts'
import { LedgerUnreadable } from './errors.ts'
import type { JsonSchema } from '../event/index.ts'

export interface OwnedTopic {
  /** Of the topic when it was taken: one that was deleted and made by others is not ours. */
  readonly id: string
  readonly how: 'made' | 'adopted'
  /** ISO 8601. */
  readonly since: string
}

export interface BegunPlan {
  /** Digest of the plan. */
  readonly plan: string
  readonly by: string
  /** ISO 8601. */
  readonly since: string
  /** Topics whose moving copies were bounded, until that is taken back. */
  readonly throttled?: readonly string[]
}

export interface Ledger {
  readonly topics: ReadonlyMap<string, OwnedTopic>
  /** By event type: what events of it were last known to be written by. */
  readonly schemas: ReadonlyMap<string, JsonSchema>
  /** A plan that was begun and has not ended. */
  readonly begun: BegunPlan | undefined
}

export const emptyLedger: Ledger = { topics: new Map(), schemas: new Map(), begun: undefined }

/** One entry to write; `undefined` takes back what was said about it. */
export type LedgerEntry =
  | { readonly topic: string; readonly value: OwnedTopic | undefined }
  | { readonly type: string; readonly value: JsonSchema | undefined }
  | { readonly begun: BegunPlan | undefined }

const begunKey = 'plan'
const topicPrefix = 'topic:'
const schemaPrefix = 'schema:'
/** Largest part of the ledger that is read at once. */
const readBytes = 1024 * 1024

/**
 * Reads the whole ledger; the topic must exist.
 * @throws LedgerUnreadable, and the transport's errors
 */
export async function readLedger(log: Log, topic: string): Promise<Ledger> {
  const ledger: Taken = { topics: new Map(), schemas: new Map(), begun: undefined }
  const [ends] = await log.admin.offsets([topic])
  for (let offset = ends!.earliest; offset < ends!.end;) {
    const batch = await log.read({ topic, partition: 0, offset, maxBytes: readBytes, maxWaitMs: 1_000 })
    for (const { key, value } of batch.records) take(ledger, topic, text(key), value === null ? '' : text(value))
    // The last records may be marks of the broker, which are never handed out.
    if (batch.nextOffset === offset) break
    offset = batch.nextOffset
  }
  return ledger
}

interface Taken {
  readonly topics: Map<string, OwnedTopic>
  readonly schemas: Map<string, JsonSchema>
  begun: BegunPlan | undefined
}

function take(ledger: Taken, topic: string, key: string, value: string): void {
  let said: unknown
  try {
    said = value === '' ? undefined : JSON.parse(value)
  } catch (cause) {
    throw new LedgerUnreadable(topic, key, { cause })
  }
  if (key === begunKey) ledger.begun = said as BegunPlan | undefined
  else if (key.startsWith(topicPrefix)) setOrDelete(ledger.topics, key.slice(topicPrefix.length), said as OwnedTopic)
  else if (key.startsWith(schemaPrefix)) setOrDelete(ledger.schemas, key.slice(schemaPrefix.length), said as JsonSchema)
  // Another key is a later version's: it is left alone.
}

function setOrDelete<Value>(map: Map<string, Value>, key: string, value: Value | undefined): void {
  if (value === undefined) map.delete(key)
  else map.set(key, value)
}

function text(bytes: Uint8Array | null): string {
  return bytes === null ? '' : Buffer.from(bytes).toString()
}

/** Writes entries in order. @throws the transport's errors, also the first that an entry was refused with */
export async function writeLedger(
  log: Log,
  topic: string,
  entries: readonly LedgerEntry[],
  now: number,
): Promise<void> {
  const outcomes = await log.append(
    entries.map((entry) => {
      const [key, value] = recordOf(entry)
      return {
        topic,
        partition: 0,
        key: Buffer.from(key),
        value: value === undefined ? null : Buffer.from(JSON.stringify(value)),
        headers: [],
        timestamp: now,
      }
    }),
  )
  for (const outcome of outcomes) if ('error' in outcome) throw outcome.error
}

function recordOf(entry: LedgerEntry): [key: string, value: unknown] {
  if ('topic' in entry) return [`${topicPrefix}${entry.topic}`, entry.value]
  if ('type' in entry) return [`${schemaPrefix}${entry.type}`, entry.value]
  return [begunKey, entry.begun]
}
