/**
 * Applying a plan: under the lock, step by step, each written to the ledger. Killed anywhere, it is made and applied again and ends the same.
 * @module
 */
import type { Clock } from '../clock.ts'
import type { CompiledConfig } from '../config/index.ts'
import type { Log, TopologyAdmin } from '../transport/index.ts'
import { actualOf, type Actual } from './actual.ts'
import type { Abilities, Allowances } from './allowances.ts'
import { brokerWarnings } from './broker-checks.ts'
import { blockedIn, stepKey, type Blocked, stepsOf, type MoveReplicas, type Plan, type Step } from './change.ts'
import { desiredOf, ledgerTopic, type Desired } from './desired.ts'
import { PlanBlocked, PlanStale, TopologyUnsupported } from './errors.ts'
import { writeLedger, type LedgerEntry } from './ledger.ts'
import { Lock } from './lock.ts'
import { plan } from './plan.ts'
import { digestOf, markDifferences, marksOf, type PlanFile } from './plan-file.ts'
import { carryOut, type StepContext } from './steps.ts'

export interface PlanOptions {
  readonly log: Log
  readonly config: CompiledConfig
  readonly allowed: Allowances
}

export interface Planned {
  readonly plan: Plan
  readonly desired: Desired
  readonly actual: Actual
}

export interface ApplyOptions extends PlanOptions {
  /** Only this plan, and only when nothing has changed since it was made. */
  readonly file?: PlanFile | undefined
  readonly clock: Clock
  /** Who applies: shown to others, kept in the ledger. */
  readonly by: string
  /** How long to wait for another who applies, in milliseconds. Default 0. */
  readonly lockTimeoutMs?: number | undefined
  /** A holder of the lock not heard of for this long has lost it, in milliseconds. Default 10 s; brokers may ask for more. */
  readonly lockSessionMs?: number | undefined
  /** Bound of moving copies, in bytes per second and broker. Default none. */
  readonly throttleBytes?: number | undefined
  /** Asked once, with what will be done. */
  readonly confirm: (plan: Plan) => Promise<boolean>
  readonly done: (step: Step, count: number, total: number) => void
  readonly moved?: (step: MoveReplicas, done: number, total: number) => void
}

export interface Applied {
  readonly plan: Plan
  readonly outcome: 'nothing' | 'declined' | 'applied'
}

/** @throws TopologyUnsupported, LedgerUnreadable, and the transport's errors */
export async function planFor({ log, config, allowed }: PlanOptions): Promise<Planned> {
  const { topology } = log.admin
  if (topology === undefined) throw new TopologyUnsupported(transportName(config))
  const desired = desiredOf(config)
  const actual = await actualOf(log, topology, config)
  const made = plan(desired, actual, abilitiesOf(topology), allowed)
  const { maxRecordBytes } = log.features
  const topics = [...actual.topics.values()].filter(({ name }) => desired.topics.some((topic) => topic.name === name))
  const checked = brokerWarnings({ config, cluster: actual.cluster, topics, maxRecordBytes })
  return { desired, actual, plan: { ...made, warnings: [...made.warnings, ...checked] } }
}

/**
 * Makes the log as the typed file says.
 * @throws PlanBlocked, PlanStale, PlanLocked, PlanLockLost, TopologyUnsupported, LedgerUnreadable, and the transport's errors
 */
export async function apply(options: ApplyOptions): Promise<Applied> {
  const { log, config, file } = options
  const first = await planFor(options)
  if (first.plan.changes.length === 0) return { plan: first.plan, outcome: 'nothing' }
  if (file !== undefined) checkFits(file, first)
  const blocked = blockedIn(first.plan)
  if (blocked.length > 0) throw new PlanBlocked(blocked.flatMap(blockedLines))
  if (!(await options.confirm(first.plan))) return { plan: first.plan, outcome: 'declined' }
  const topology = log.admin.topology!
  // The lock lies on it. Who makes it at the same moment makes the same.
  const ledger = first.desired.topics.find(({ name }) => name === ledgerTopic(config.app))!
  if (!first.actual.topics.has(ledger.name)) await topology.create(ledger)
  const lock = await Lock.acquire({
    log,
    topic: ledger.name,
    by: options.by,
    clock: options.clock,
    timeoutMs: options.lockTimeoutMs ?? 0,
    sessionTimeoutMs: options.lockSessionMs ?? 10_000,
  })
  try {
    await applyLocked(first, lock, topology, options)
  } finally {
    await lock.release()
  }
  return { plan: first.plan, outcome: 'applied' }
}

async function applyLocked(first: Planned, lock: Lock, topology: TopologyAdmin, options: ApplyOptions): Promise<void> {
  const { log, config, clock, by, file, throttleBytes } = options
  // Somebody may have applied between the plan and the lock.
  const now = await planFor(options)
  const wanted = new Map(stepsOf(first.plan).map((step) => [stepKey(step), step]))
  const others = now.plan.changes.filter((change) => change.kind === 'blocked' || !wanted.has(stepKey(change)))
  if (others.length > 0) throw new PlanStale(others.map(({ subject, what }) => `${subject}: ${what} was not planned`))
  const write = (entries: readonly LedgerEntry[]): Promise<void> =>
    writeLedger(log, ledgerTopic(config.app), entries, clock.now())
  const context: StepContext = {
    log,
    topology,
    clock,
    confirm: () => lock.confirm(),
    moved: options.moved ?? (() => {}),
  }
  const steps = stepsOf(now.plan)
  const throttled = [...(now.actual.ledger.begun?.throttled ?? [])]
  if (throttleBytes !== undefined) {
    throttled.push(...steps.flatMap((step) => (step.kind === 'replicas' ? [step.subject] : [])))
  }
  const begun = { plan: digestOf(file ?? first.plan), by, since: new Date(clock.now()).toISOString() }
  await write([{ begun: throttled.length === 0 ? begun : { ...begun, throttled } }])
  if (throttleBytes !== undefined && throttled.length > 0) await topology.throttle?.(throttled, throttleBytes)
  for (const [index, step] of steps.entries()) {
    const entries = await carryOut(step, context)
    if (entries.length > 0) await write(entries)
    // As it was planned: the ledger, made before the lock, looks like one to adopt by now.
    options.done(wanted.get(stepKey(step)) ?? step, index + 1, steps.length)
  }
  if (throttled.length > 0) await topology.throttle?.(throttled, undefined)
  await write([{ begun: undefined }])
}

/** @throws PlanStale unless the file was made of this, or was begun and what is left of it is all there is to do */
function checkFits(file: PlanFile, { desired, actual, plan: now }: Planned): void {
  const differences: string[] = []
  if (file.app !== desired.app) differences.push(`it is of the application ${file.app}, this one is ${desired.app}`)
  if (file.cluster !== actual.cluster.id) differences.push('it was made for another cluster')
  if (file.desired !== digestOf(desired)) differences.push('the typed file has changed')
  const isBegun = actual.ledger.begun?.plan === digestOf(file)
  if (!isBegun) differences.push(...markDifferences(file.actual, marksOf(actual)))
  else {
    const wanted = new Set(stepsOf(file.plan).map(stepKey))
    const others = now.changes.filter((change) => change.kind === 'blocked' || !wanted.has(stepKey(change)))
    differences.push(...others.map(({ subject, what }) => `${subject}: ${what} is not in the plan`))
  }
  if (differences.length > 0) throw new PlanStale(differences)
}

function blockedLines({ subject, what, reason, details = [] }: Blocked): readonly string[] {
  return [`${subject}: ${what}: ${reason}`, ...details.map((line) => `  ${line}`)]
}

function abilitiesOf({ sets, replicates, addPartitions }: TopologyAdmin): Abilities {
  return { sets, replicates, addsPartitions: addPartitions !== undefined }
}

function transportName({ transport }: CompiledConfig): string {
  return transport === 'embedded' ? transport : transport.name
}
