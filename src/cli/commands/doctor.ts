/**
 * `veltrix doctor`
 * @module
 */
import { appArg, command } from '../command.ts'

export const doctor = command({
  summary: 'Check the machine, the typed file and the log; say what to do about each finding.',
  details: [
    'Changes nothing: no topic is made, no position moves. A running app is served on meanwhile. Exit code 1 when something is wrong; a warning alone is 0.',
  ],
  args: { ...appArg },
  examples: [
    ['veltrix doctor', 'The app in this directory'],
    ['veltrix doctor --app services/shop --json', '{"healthy":true,"findings":[{"check","status","says","mend"}]}'],
  ],
  async run({ args, shell, out }) {
    const { examine } = await import('../doctor/examine.ts')
    const findings = await examine(args.app, shell)
    const healthy = findings.every((finding) => finding.status !== 'wrong')
    if (out.json) await out.result({ healthy, findings })
    else {
      const { findingLines } = await import('../doctor/lines.ts')
      await out.lines(...findingLines(findings, out))
      await out.lines('', healthy ? out.paint.good('nothing is wrong') : out.paint.bad('something is wrong'))
    }
    return healthy ? 0 : 1
  },
})
