/**
 * Dead letters as the page sees them, and requests of the page as dead letters understand them.
 * @module
 */
import type {
  AuditEntry,
  DryRun as LettersDryRun,
  DeadLetterIndex,
  DeadReason,
  IndexedLetter,
  LetterFilter,
  LetterGroup,
  LetterResult,
  LetterSelection,
} from '../../deadletter/index.ts'
import type { AuditView, DeadGroup, DeadLine, DryRun, Selection } from '../api/index.ts'
import { DashboardRefused } from '../errors.ts'

export function lineOf(letter: IndexedLetter, index: Pick<DeadLetterIndex, 'followersOf'>): DeadLine {
  return {
    id: letter.id,
    kind: letter.kind,
    status: letter.status,
    reason: letter.reason,
    type: letter.type,
    key: letter.key,
    lane: letter.lane,
    stream: letter.stream,
    eventId: letter.eventId,
    attempts: letter.attempts,
    deadAt: letter.deadAt,
    errorName: letter.errorName ?? null,
    errorMessage: letter.errorMessage ?? null,
    group: letter.group,
    followers: index.followersOf(letter),
  }
}

export function groupView({ errorName, ...group }: LetterGroup): DeadGroup {
  return { ...group, errorName: errorName ?? null }
}

export function auditView({ at, by, action, letters, reason }: AuditEntry): AuditView {
  return { at, by, action, letters, reason: reason ?? null }
}

const refusedShown = 20

/** What was done, in figures. */
export function figuresOf(results: readonly LetterResult[]): DryRun {
  const outcomes: Record<string, number> = {}
  for (const { outcome } of results) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  const refused = results.filter(({ error }) => error !== undefined).slice(0, refusedShown)
  return dryRunView({ total: results.length, outcomes, refused })
}

export function dryRunView({ total, outcomes, refused }: LettersDryRun): DryRun {
  const counts = outcomes as Readonly<Record<string, number>>
  return { total, outcomes: counts, refused: refused.map(({ id, error }) => ({ id, why: error?.message ?? '' })) }
}

const texts = ['group', 'type', 'key', 'reason', 'kind', 'error'] as const
const times = ['since', 'until'] as const
const paging = new Set(['after', 'limit'])

/** @param query of an address, or of a body @throws DashboardRefused */
export function filterOf(query: unknown): LetterFilter {
  const given = Object.entries((query ?? {}) as Record<string, unknown>)
  const filter: Record<string, unknown> = {}
  for (const [name, value] of given) {
    if (paging.has(name) || value === undefined) continue
    if ((texts as readonly string[]).includes(name)) filter[name] = textOf(name, value)
    else if ((times as readonly string[]).includes(name)) filter[name] = numberOf(name, value)
    else throw new DashboardRefused('query-invalid', `There is no condition ${JSON.stringify(name)}.`)
  }
  return filter as LetterFilter & { reason?: DeadReason }
}

export function pageOf(query: unknown): { limit: number; after?: string } {
  const { limit, after } = (query ?? {}) as Record<string, unknown>
  return {
    limit: limit === undefined ? 100 : numberOf('limit', limit),
    ...(after === undefined ? {} : { after: textOf('after', after) }),
  }
}

const maxIds = 10_000

/** @throws DashboardRefused */
export function selectionOf(selection: unknown): LetterSelection {
  const given = selection as Partial<Record<keyof (Selection & object) | 'ids' | 'filter' | 'all', unknown>> | undefined
  const names = Object.keys(given ?? {})
  if (names.length !== 1) throw invalid('selection must have one of ids, filter and all')
  const { ids, filter, all } = given!
  if (all === true) return { all: true }
  if (Array.isArray(ids) && ids.length <= maxIds && ids.every((id) => typeof id === 'string')) return { ids }
  if (ids !== undefined) throw invalid(`selection.ids must be a list of at most ${maxIds} ids`)
  if (typeof filter !== 'object' || filter === null) throw invalid('selection.filter must be an object')
  return filterOf(filter)
}

function textOf(name: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') throw invalid(`${name} must be text, given once`)
  return value
}

function numberOf(name: string, value: unknown): number {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isFinite(number)) throw invalid(`${name} must be a number`)
  return number
}

function invalid(problem: string): DashboardRefused {
  return new DashboardRefused('query-invalid', `${problem}.`)
}
