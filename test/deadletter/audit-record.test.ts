/**
 * Audit entries go through the log unchanged; anything else is refused with what is wrong.
 * @module
 */
import { expect, test } from 'vitest'
import { auditRecord, errorStory, type AuditEntry } from '../../src/deadletter/index.ts'
import { readAudit } from '../../src/deadletter/audit-record.ts'
import { stored, subscription } from './letters.ts'

test('gives back what was written', () => {
  const entry: AuditEntry = {
    action: 'redrive-failed',
    letters: ['t/0/1', 't/0/2'],
    by: 'ann@host',
    at: 1234,
    reason: 'deployed a fix',
    error: errorStory(new Error('still broken')),
    attempts: 0,
    failure: 'crashed',
    batch: 'b1',
    seen: 12,
  }
  const record = auditRecord(subscription(), entry)
  expect(record).toMatchObject({ topic: 'shop.billing.dead.audit', partition: 0, timestamp: 1234 })
  expect(readAudit(stored(record, 0))).toEqual(entry)
  const least: AuditEntry = { action: 'released', letters: [], by: '', at: 0 }
  expect(readAudit(stored(auditRecord(subscription(), least), 0))).toEqual(least)
})

test.each([
  [null, 'no value'],
  ['{', 'not JSON'],
  ['7', 'not an object'],
  ['null', 'not an object'],
  ['{"action":"explode","letters":[],"by":"x","at":"1970-01-01T00:00:00.000Z"}', 'action'],
  ['{"action":"redriven","letters":"t/0/1","by":"x","at":"1970-01-01T00:00:00.000Z"}', 'letters'],
  ['{"action":"redriven","letters":[1],"by":"x","at":"1970-01-01T00:00:00.000Z"}', 'letters'],
  ['{"action":"redriven","letters":[],"at":"1970-01-01T00:00:00.000Z"}', 'by'],
  ['{"action":"redriven","letters":[],"by":"x","at":"soon"}', 'at'],
])('names the problem of %s', (value, problem) => {
  const record = { ...auditRecord(subscription(), { action: 'redriven', letters: [], by: '', at: 0 }) }
  expect(readAudit(stored({ ...record, value: value === null ? null : Buffer.from(value) }, 0))).toContain(problem)
})
