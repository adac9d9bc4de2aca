/**
 * Prometheus' own tool for rules, their tests, and the text form of metrics.
 * @module
 */
import { spawnSync } from 'node:child_process'

/** One sentence when it is not there. */
export function missingPromtool(): string | undefined {
  const { status } = spawnSync('promtool', ['--version'])
  return status === 0 ? undefined : 'promtool cannot be run; Debian and Ubuntu have it in the package prometheus.'
}
