/** The closing line of `npm test` never hides a failure. @module */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { closingLine, countTests } from '../../scripts/test-counts.ts'

const folder = mkdtempSync(join(tmpdir(), 'veltrix-counts-'))
afterAll(() => rmSync(folder, { recursive: true }))

const step = (name: string, passed: boolean) => ({ name, passed, durationMs: 1 })

function report(change: object): string {
  const file = join(folder, 'report.json')
  const base = { success: true, numPassedTests: 5, numFailedTests: 0, numPendingTests: 1, numTodoTests: 1 }
  writeFileSync(file, JSON.stringify({ ...base, testResults: [], ...change }))
  return file
}

test('a clean run counts what Vitest counted', () => {
  const counts = countTests(report({}), [step('format', true), step('tests', true)])
  expect(closingLine(counts)).toBe('5 passed, 0 failed, 2 skipped')
})

test('a failing step outside Vitest is a failure', () => {
  expect(countTests(report({}), [step('format', false), step('types', false), step('tests', true)]).failed).toBe(2)
})

test('failing tests and files that could not be loaded both count', () => {
  const testResults = [
    { status: 'failed', assertionResults: [] },
    { status: 'failed', assertionResults: [{}] },
  ]
  const file = report({ success: false, numFailedTests: 1, testResults })
  expect(countTests(file, [step('tests', false)]).failed).toBe(2)
})

test('a run that failed without naming a test is a failure', () => {
  expect(countTests(report({}), [step('tests', false)]).failed).toBe(1)
  expect(countTests(report({ success: false }), [step('tests', true)]).failed).toBe(1)
})

test('a run that left no report is a failure', () => {
  expect(countTests(join(folder, 'absent.json'), [step('tests', true)]).failed).toBe(1)
})
