/**
 * Audit records: what happened to letters, as JSON in the subscription's audit topic.
 * @module
 */
import type { CompiledSubscription } from '../config/index.ts'
import type { AppendRecord, LogRecord } from '../transport/index.ts'
import { auditActionHeader } from './headers.ts'
import { deadReasons, type AuditAction, type AuditEntry } from './letter.ts'
import { utf8 } from './record-headers.ts'
import { isStory } from './story.ts'

const actions: readonly AuditAction[] = [
  'redrive-requested',
  'redriven',
  'redrive-failed',
  'released',
  'discarded',
  'replaced',
]

/** The record that states `entry` in the subscription's audit topic. */
export function auditRecord(sub: CompiledSubscription, entry: AuditEntry): AppendRecord {
  const value = JSON.stringify({ ...entry, at: new Date(Math.floor(entry.at)).toISOString() })
  return {
    topic: sub.auditTopic,
    partition: 0,
    key: null,
    value: Buffer.from(value),
    headers: [
      ['content-type', 'application/json'],
      [auditActionHeader, entry.action],
    ],
    timestamp: entry.at,
  }
}

/** Reads an audit record; a text says what is wrong with one that is none. */
export function readAudit(record: LogRecord): AuditEntry | string {
  if (record.value === null) return 'it has no value'
  let parsed: unknown
  try {
    parsed = JSON.parse(utf8(record.value))
  } catch {
    return 'its value is not JSON'
  }
  if (typeof parsed !== 'object' || parsed === null) return 'its value is not an object'
  return entryOf(parsed as Record<string, unknown>)
}

function entryOf(fields: Record<string, unknown>): AuditEntry | string {
  const { action, letters, by, reason, error, attempts, failure, event, batch, seen } = fields
  const at = typeof fields['at'] === 'string' ? Date.parse(fields['at']) : NaN
  if (!actions.includes(action as AuditAction)) return `action is none of ${actions.join(', ')}`
  if (!Array.isArray(letters) || !letters.every((id) => typeof id === 'string')) return 'letters is not a list of texts'
  if (typeof by !== 'string') return 'by is not a text'
  if (!Number.isFinite(at)) return 'at is not a time'
  return {
    action: action as AuditAction,
    letters: letters as string[],
    by,
    at,
    ...(typeof reason === 'string' && { reason }),
    ...(isStory(error) && { error }),
    ...(Number.isSafeInteger(attempts) && { attempts: attempts as number }),
    ...(deadReasons.includes(failure as never) && { failure: failure as NonNullable<AuditEntry['failure']> }),
    ...(typeof event === 'string' && { event }),
    ...(typeof batch === 'string' && { batch }),
    ...(Number.isSafeInteger(seen) && { seen: seen as number }),
  }
}
