/**
 * A plan as a file: what it does, and marks of what it was made from, so that a change since then is seen.
 * @module
 */
import { createHash } from 'node:crypto'
import type { Actual } from './actual.ts'
import type { Allowances } from './allowances.ts'
import type { Plan } from './change.ts'
import { ledgerTopic, type Desired } from './desired.ts'
import { PlanUnreadable } from './errors.ts'

const ledgerSuffix = ledgerTopic('')

export interface PlanFile {
  readonly version: 1
  readonly app: string
  /** The cluster's own id. */
  readonly cluster: string
  /** ISO 8601. */
  readonly madeAt: string
  readonly allowed: Omit<Allowances, 'breaking'> & { readonly breaking: readonly string[] }
  /** Digest of what the typed file wanted. */
  readonly desired: string
  /** Digests of what was there, by what it is about: `topic shop.orders.bulk`, `brokers`, `ledger`. */
  readonly actual: Readonly<Record<string, string>>
  readonly plan: Plan
}

export function planFile(desired: Desired, actual: Actual, allowed: Allowances, plan: Plan, now: number): PlanFile {
  return {
    version: 1,
    app: desired.app,
    cluster: actual.cluster.id,
    madeAt: new Date(now).toISOString(),
    allowed: { ...allowed, breaking: [...allowed.breaking] },
    desired: digestOf(desired),
    actual: marksOf(actual),
    plan,
  }
}

/** What a plan was made from, as digests. Leaders, copies in sync and sizes come and go by themselves and are not part of it. */
export function marksOf({ topics, cluster, ledger }: Actual): Readonly<Record<string, string>> {
  const marks: Record<string, string> = {
    brokers: digestOf(cluster.brokers.toSorted((a, b) => a.id - b.id)),
    ledger: digestOf([ledger.topics, ledger.schemas]),
  }
  for (const { partitions, ...topic } of topics.values()) {
    // The ledger counts by what it says: it is made before anything else, and there when a plan was cut off at its beginning.
    if (topic.name.endsWith(ledgerSuffix)) continue
    const places = partitions.map(({ replicas, adding, removing }) => [replicas, adding, removing])
    marks[`topic ${topic.name}`] = digestOf({ ...topic, places })
  }
  return marks
}

/** What differs between two sets of marks, in words. */
export function markDifferences(then: PlanFile['actual'], now: PlanFile['actual']): readonly string[] {
  return [...new Set([...Object.keys(then), ...Object.keys(now)])].toSorted().flatMap((subject) => {
    if (then[subject] === now[subject]) return []
    if (now[subject] === undefined) return [`${subject} is gone`]
    return [then[subject] === undefined ? `${subject} is new` : `${subject} has changed`]
  })
}

/** @throws PlanUnreadable */
export function parsePlanFile(text: string, name: string): PlanFile {
  let file: Partial<PlanFile> | null
  try {
    file = JSON.parse(text) as Partial<PlanFile> | null
  } catch (cause) {
    throw new PlanUnreadable(`${name} is no plan: it is no JSON. Make one with "veltrix plan --out ${name}".`, {
      cause,
    })
  }
  if (typeof file !== 'object' || file === null || !Array.isArray(file.plan?.changes) || file.actual === undefined) {
    throw new PlanUnreadable(`${name} is no plan of Veltrix. Make one with "veltrix plan --out ${name}".`)
  }
  if (file.version !== 1) {
    throw new PlanUnreadable(
      `${name} was made by another version of Veltrix (format ${String(file.version)}, this one reads 1). Make a new one.`,
    )
  }
  return file as PlanFile
}

/** The same text for the same content, in whatever order its fields came. */
export function digestOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(canonical(value)))
    .digest('hex')
    .slice(0, 32)
}

function canonical(value: unknown): unknown {
  if (value === Infinity) return 'infinity'
  if (value instanceof RegExp) return String(value)
  if (value instanceof Map) return canonical(Object.fromEntries(value as Map<string, unknown>))
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  return Object.fromEntries(
    fields.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, field]) => [name, canonical(field)]),
  )
}
