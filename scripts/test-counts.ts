/**
 * The numbers of the closing line of `npm test`: Vitest's own report plus the steps around it.
 * @module
 */
import { readFileSync } from 'node:fs'
import type { StepResult } from './steps.ts'

export interface TestCounts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

interface VitestReport {
  readonly success: boolean
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[]
}

/**
 * Counts tests and failing steps. A test file that could not be loaded is one failure; a test run that left no
 * report, or says it failed without naming a test (an unhandled error), is one failure too: never zero.
 */
export function countTests(reportFile: string, steps: readonly StepResult[]): TestCounts {
  const otherFailures = steps.filter((step) => step.name !== 'tests' && !step.passed).length
  const testsPassed = steps.find((step) => step.name === 'tests')?.passed ?? false
  const report = readReport(reportFile)
  if (!report) return { passed: 0, failed: otherFailures + 1, skipped: 0 }
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length
  const counted = report.numFailedTests + brokenFiles
  const inTests = counted === 0 && !(testsPassed && report.success) ? 1 : counted
  return {
    passed: report.numPassedTests,
    failed: inTests + otherFailures,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

/** The last line of `npm test`, for people and for machines. */
export function closingLine({ passed, failed, skipped }: TestCounts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`
}

function readReport(file: string): VitestReport | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as VitestReport
  } catch {
    return undefined
  }
}
