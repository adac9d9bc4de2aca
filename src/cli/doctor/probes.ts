/**
 * One round of the canary: whether every partition takes and gives, and how far the brokers' clocks are from this one.
 * @module
 */
import { randomUUID } from 'node:crypto'
import { Canary, canaryTopics, makeCanaryTopics, type CanaryReport } from '../../canary/index.ts'
import { sleep, type Clock } from '../../clock.ts'
import type { CompiledConfig } from '../../config/index.ts'
import type { Log } from '../../transport/index.ts'
import { listed, plural, span } from '../format.ts'
import { ok, warn, wrong, type Finding } from './finding.ts'

const intervalMs = 200
const lastsMs = 1_000
const lostAfterMs = 10_000
/** What differs by more mixes up waiting times, retention and the order of events from several machines. */
const toleratedMs = 1_000
const wrongMs = 60_000

export async function probeFindings(log: Log, config: CompiledConfig, clock: Clock): Promise<Finding[]> {
  const topics = canaryTopics(config)
  await makeCanaryTopics(log, topics)
  const canary = new Canary({ log, clock, app: config.app, topics, intervalMs, lostAfterMs, run: randomUUID() })
  await canary.start()
  await sleep(clock, lastsMs)
  await canary.stop()
  const report = canary.report()
  return [...roundFindings(report), ...clockFindings(report)]
}

export function roundFindings({ partitions, lanes }: CanaryReport): Finding[] {
  const name = ({ topic, partition, leader }: CanaryReport['partitions'][number]): string =>
    `${topic}/${partition}${leader === null ? '' : leader < 0 ? ' (no leader)' : ` (broker ${leader})`}`
  // One that was due while the last was on its way says only that this was slow: the first of a new topic is.
  const refused = partitions.filter(({ failed, unknown, inFlight }) => failed + unknown + inFlight > 0)
  const missing = partitions.filter(({ missing: count }) => count > 0)
  const findings: Finding[] = []
  if (refused.length > 0) {
    const why = refused.find(({ lastError }) => lastError !== null)?.lastError
    findings.push(
      wrong(
        'probes',
        `not every probe was stored in ${listed(refused.map(name))}${why === undefined ? '' : `: ${why}`}`,
        'Look at the brokers that lead them; "veltrix canary" shows whether it lasts.',
      ),
    )
  }
  if (missing.length > 0) {
    findings.push(
      wrong(
        'probes',
        `stored and not read again from ${listed(missing.map(name))}`,
        'Look at the brokers that lead them.',
      ),
    )
  }
  if (findings.length > 0) return findings
  const probes = lanes.reduce((sum, { seen }) => sum + seen, 0)
  const slowest = Math.max(...lanes.map(({ endToEndMs }) => endToEndMs?.max ?? 0))
  return [
    ok(
      'probes',
      `${plural(probes, 'probe')} through ${plural(partitions.length, 'partition')} and back, the slowest in ${span(slowest)}`,
    ),
  ]
}

export function clockFindings({ clocks }: Pick<CanaryReport, 'clocks'>): Finding[] {
  const findings = clocks.flatMap(({ broker, offsetMs, withinMs }) => {
    // At least so far off, whatever the round trip hides.
    const certainMs = Math.abs(offsetMs) - withinMs
    if (certainMs < toleratedMs) return []
    const says = `broker ${broker} is ${span(Math.abs(offsetMs))} ${offsetMs < 0 ? 'behind' : 'ahead of'} this machine (± ${span(withinMs)})`
    const mend = 'Let NTP set the clocks of both machines (chronyc tracking, timedatectl).'
    return [certainMs >= wrongMs ? wrong('clocks', says, mend) : warn('clocks', says, mend)]
  })
  if (findings.length > 0 || clocks.length === 0) return findings
  const most = Math.max(...clocks.map(({ offsetMs, withinMs }) => Math.abs(offsetMs) + withinMs))
  return [ok('clocks', `those of ${plural(clocks.length, 'broker')} are within ${span(most)} of this machine's`)]
}
