/**
 * Reading the audit topic for people.
 * @module
 */
import type { CompiledSubscription } from '../config/index.ts'
import type { Log } from '../transport/index.ts'
import { readAudit } from './audit-record.ts'
import type { AuditEntry } from './letter.ts'

const readBytes = 1024 * 1024

/** The newest `limit` entries, newest first; with `letter` only those that name it. */
export async function auditTrail(
  log: Log,
  sub: CompiledSubscription,
  options: { limit: number; letter?: string },
): Promise<AuditEntry[]> {
  const [ends] = await log.admin.offsets([sub.auditTopic])
  if (!ends) return []
  const found: AuditEntry[] = []
  let offset = options.letter === undefined ? Math.max(ends.earliest, ends.end - options.limit) : ends.earliest
  while (offset < ends.end) {
    const batch = await log.read({ topic: sub.auditTopic, partition: 0, offset, maxBytes: readBytes, maxWaitMs: 0 })
    for (const record of batch.records) {
      const entry = readAudit(record)
      if (typeof entry === 'string') continue
      if (options.letter === undefined || entry.letters.includes(options.letter)) found.push(entry)
    }
    if (batch.nextOffset <= offset) break
    offset = batch.nextOffset
  }
  return found.slice(-options.limit).toReversed()
}
