/**
 * `npm test`: format check, lint, type check, all tests; then a table of the steps and one closing line.
 * Arguments after `--` go to Vitest (`npm test -- worker`); the other steps run all the same.
 * Every step runs even when an earlier one failed, so that one run tells everything.
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { runStep, seconds, type Step, type StepResult } from './steps.ts'
import { countTests, closingLine } from './test-counts.ts'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'veltrix-test-'))
const report = join(folder, 'vitest.json')
const env = { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env['PATH'] ?? ''}` }

const steps: readonly Step[] = [
  { name: 'format', command: ['oxfmt', '--check'], mend: 'Run "npm run fmt".' },
  { name: 'lint', command: ['oxlint', '--deny-warnings'], mend: 'The rule and place are above.' },
  { name: 'types', command: ['tsc', '--noEmit'], mend: 'The error and place are above.' },
  // The dashboard's page is for browsers: other types are there.
  { name: 'page', command: ['tsc', '--noEmit', '-p', 'src/dashboard/page'], mend: 'The error and place are above.' },
  {
    name: 'tests',
    command: [
      'vitest',
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...process.argv.slice(2),
    ],
    mend: 'The failing tests are above.',
  },
]

const results: StepResult[] = []
for (const step of steps) results.push(await runStep(step, root, env))

console.log('\nstep     result   time')
for (const { name, passed, durationMs } of results) {
  console.log(`${name.padEnd(8)} ${(passed ? 'passed' : 'FAILED').padEnd(8)} ${seconds(durationMs)}`)
}
const counts = countTests(report, results)
rmSync(folder, { recursive: true, force: true })
console.log(`\n${closingLine(counts)}`)
process.exitCode = counts.failed === 0 ? 0 : 1
