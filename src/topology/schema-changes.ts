/**
 * Schemas against those in the ledger: what is new, what changed, and what breaks readers of stored events.
 * @module
 */
import type { Change, Warning } from './change.ts'
import { schemaBreaks } from './schema/compatibility.ts'
import type { SchemaBreak } from './schema/break.ts'
import type { JsonSchema } from '../event/index.ts'
import type { PayloadSchema } from './schema/json-schema.ts'
import { sameJson } from './schema/scalars.ts'

interface SchemaChanges {
  readonly changes: readonly Change[]
  readonly warnings: readonly Warning[]
  readonly notes: readonly string[]
}

/**
 * A change is looked at backward: what was written under the old schema is read by handlers of the new one.
 * @param accepted event types whose schema may break readers
 */
export function schemaChanges(
  desired: ReadonlyMap<string, PayloadSchema>,
  known: ReadonlyMap<string, JsonSchema>,
  accepted: ReadonlySet<string>,
): SchemaChanges {
  const changes: Change[] = []
  const warnings: Warning[] = []
  const notes: string[] = []
  for (const [type, schema] of desired) {
    if ('notChecked' in schema) {
      notes.push(`event ${type}: schema not checked, ${schema.notChecked}`)
      continue
    }
    const before = known.get(type)
    if (before !== undefined && sameJson(before, schema.written)) continue
    const subject = `event ${type}`
    const record = { kind: 'schema', subject, type, schema: schema.written } as const
    if (before === undefined) {
      changes.push({ ...record, symbol: '+', what: 'schema recorded', reason: 'later changes are checked against it' })
      continue
    }
    const breaks = schemaBreaks(before, schema.read)
    warnings.push(...breaks.filter(({ certain }) => !certain).map((each) => warningOf(subject, each)))
    const certain = breaks.filter((each) => each.certain)
    if (certain.length === 0) {
      changes.push({ ...record, symbol: '~', what: 'schema changed', reason: 'readers can take what is stored' })
    } else changes.push(...breaking(type, certain, accepted.has(type), record))
  }
  for (const type of known.keys()) {
    if (!desired.has(type)) notes.push(`event ${type} left the typed file; its schema stays in the ledger`)
  }
  return { changes, warnings, notes }
}

function breaking(
  type: string,
  breaks: readonly SchemaBreak[],
  isAccepted: boolean,
  record: { kind: 'schema'; subject: string; type: string; schema: JsonSchema },
): readonly Change[] {
  const details = breaks.map(({ path, rule, message }) => `${path}: ${message} (${rule})`)
  if (isAccepted) {
    const reason = `accepted by --allow-breaking ${type}`
    return [{ ...record, symbol: '!', what: 'schema breaks readers', reason, details }]
  }
  return [
    {
      kind: 'blocked',
      symbol: '!',
      subject: record.subject,
      what: 'schema breaks readers of stored events',
      reason: `handlers would get events that are not as their types say`,
      details: [
        ...details,
        `Keep the old fields as they were, or publish a new event type; --allow-breaking ${type} accepts it.`,
      ],
    },
  ]
}

function warningOf(subject: string, { path, message }: SchemaBreak): Warning {
  return { subject, says: `${path} ${message}`, mend: 'Nothing, unless such a field was ever published.' }
}
