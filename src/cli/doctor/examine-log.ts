/**
 * An open log: its brokers, topics, groups, and how far subscriptions are. A check that fails is a finding, and the others go on.
 * @module
 */
import type { Clock } from '../../clock.ts'
import type { CompiledConfig } from '../../config/index.ts'
import { DeadLetters } from '../../deadletter/index.ts'
import { LagReader } from '../../telemetry/lag/index.ts'
import type { ClusterHealth, Log, TopicSpec } from '../../transport/index.ts'
import { inTime } from '../in-time.ts'
import { errorText } from '../output.ts'
import { certificateFindings, certificatesOf } from './certificates.ts'
import { diskFindings, growth } from './disks.ts'
import { driftFindings } from './drift.ts'
import { ok, warn, wrong, type Finding } from './finding.ts'
import { deadFinding, lagFindings, partitionEnds, staleGroups, topicFindings } from './log.ts'
import { freeBytes } from './machine.ts'
import { probeFindings } from './probes.ts'
import { brokerFindings, replicaFindings, replicaStates } from './replicas.ts'
import { stallFinding } from './stalls.ts'

export interface LogExamination {
  readonly log: Log
  readonly config: CompiledConfig
  /** Of an embedded log. */
  readonly directory: string | undefined
  readonly clock: Clock
  readonly probe: boolean
  readonly observeMs: number
}

/** Brokers that stand still take questions and do not answer; no check is worth more. */
const checkMs = 30_000
const brokerMs = 5_000

/** @throws the log's errors when not even its topics can be listed */
export async function examineLog(what: LogExamination): Promise<Finding[]> {
  const { log, config, clock, observeMs } = what
  const { health, findings } = await clusterFindings(what)
  const { topicsOf } = await import('../../veltrix.ts')
  const existing = await log.admin.topics()
  findings.push(...topicFindings(existing, topicsOf(config), config.app))
  const attempt = async (check: string, look: () => Promise<readonly Finding[]>, limitMs = checkMs): Promise<void> => {
    try {
      findings.push(...(await inTime(clock, limitMs, 'this check', look())))
    } catch (error) {
      findings.push(wrong(check, errorText(error), 'The page docs/errors.md says more about the code.'))
    }
  }
  if (health !== undefined && replicaStates(health).offline.length > 0) {
    const says = 'ends of partitions, lag, stalls and dead letters: partitions without a leader cannot be asked'
    findings.push(warn('not checked', says, 'Mend the finding on replicas, and ask again.'))
  } else {
    await attempt('integrity', () => endFindings(what, existing))
    await attempt('groups', async () => [await staleGroups(log, config)])
    await attempt('lag', async () => lagFindings((await new LagReader({ log, config, clock }).read()).lanes))
    await attempt('stalls', async () => [await stallFinding(log, config, { observeMs, clock })], checkMs + observeMs)
    await attempt('dead letters', () => deadFindings(what, existing))
  }
  await attempt('topology', () => driftFindings(log, config))
  if (what.probe) await attempt('probes', () => probeFindings(log, config, clock))
  else if (health !== undefined) {
    findings.push(ok('clocks', "the brokers' were not compared with this one: --probe does, on the canary's topics"))
  }
  return findings
}

async function clusterFindings({ log, config, clock }: LogExamination): Promise<{
  health: ClusterHealth | undefined
  findings: Finding[]
}> {
  const { topology } = log.admin
  if (topology?.health === undefined) return { health: undefined, findings: [] }
  const asked = topology.health({ prefix: `${config.app}.`, timeoutMs: brokerMs, thorough: true })
  const health = await inTime(clock, checkMs, 'asking the brokers', asked)
  const findings = [
    ...brokerFindings(health),
    ...replicaFindings(health),
    ...diskFindings(health.brokers),
    ...certificateFindings(certificatesOf(health), clock.now()),
  ]
  return { health, findings }
}

async function endFindings(
  { log, config, directory, clock }: LogExamination,
  existing: readonly TopicSpec[],
): Promise<readonly Finding[]> {
  const own = existing.filter((topic) => topic.name.startsWith(`${config.app}.`))
  const { findings, oldest } = await partitionEnds(log, own, clock.now())
  if (directory === undefined) return findings
  return [...findings, await growth(directory, await freeBytes(directory), { oldest, now: clock.now() })]
}

async function deadFindings(
  { log, config, clock }: LogExamination,
  existing: readonly TopicSpec[],
): Promise<readonly Finding[]> {
  const names = new Set(existing.map((topic) => topic.name))
  const complete = [...config.subscriptions.values()].every(
    (sub) => names.has(sub.deadTopic) && names.has(sub.auditTopic),
  )
  if (!complete) return []
  return [deadFinding(await new DeadLetters({ log, config, clock }).counts(), clock.now())]
}
