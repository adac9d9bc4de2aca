/**
 * Running letters again: requests for the workers that own the letters' partitions, and what they report.
 * @module
 */
import { sleep } from '../clock.ts'
import {
  checkReason,
  choose,
  idsPerEntry,
  newBatch,
  pieces,
  state,
  type Chosen,
  type Desk,
  type LetterResult,
} from './desk.ts'
import { DeadLetterRequestInvalid } from './errors.ts'
import type { IndexedLetter } from './letter.ts'
import { byOrigin } from './order.ts'
import { ReportWatch } from './report-watch.ts'
import type { LetterSelection } from './selection.ts'

export interface RedriveOptions {
  /** Letters requested per second. Default 100; Infinity does not pace. */
  readonly rate?: number
  /** Say what would happen, change nothing. */
  readonly dryRun?: boolean
  /** Kept in the audit; at most 1,000 characters. */
  readonly reason?: string
  /** Resolve when workers have reported every letter; without a running worker that takes until `signal` aborts. */
  readonly wait?: boolean
  /** Called after every step. */
  readonly progress?: (progress: RedriveProgress) => void
  /** Stops asking and waiting. What was requested stays requested. */
  readonly signal?: AbortSignal
}

export interface RedriveProgress {
  /** Letters this call is about, without those refused. */
  readonly total: number
  /** Those of them that have to be requested: others follow one of these by themselves, or were requested before. */
  readonly toRequest: number
  readonly requested: number
  /** Reported by workers; stay 0 without `wait`. */
  readonly redriven: number
  readonly failed: number
}

const defaultRate = 100
/** One a day. Far below, no timer is long enough and nothing would be paced at all. */
const slowestRate = 1 / 86_400
/** Requests go out in this many steps a second. */
const stepsPerSecond = 10

/**
 * Requests that the selected letters run again. Of a parked key the earliest letter is requested; its selected followers run by
 * themselves after it.
 * @throws DeadLetterRequestInvalid, the signal's reason, LogUnavailable, LogFull
 */
export async function redrive(
  desk: Desk,
  selection: LetterSelection,
  options: RedriveOptions,
): Promise<readonly LetterResult[]> {
  checkReason(options.reason)
  const rate = options.rate ?? defaultRate
  if (!(rate >= slowestRate)) {
    throw new DeadLetterRequestInvalid(
      'rate',
      `it is ${rate}; give letters per second, at least one a day (${slowestRate})`,
    )
  }
  const plan = planOf(desk, choose(desk, selection))
  if (options.dryRun) return [...plan.results('would-redrive'), ...plan.refused]
  const watch = options.wait ? new ReportWatch(desk, plan.watched) : undefined
  try {
    await request(desk, plan, rate, options, watch)
    await watch?.done(options.signal)
  } finally {
    await watch?.stop()
  }
  return [...plan.results('requested').map((result) => watch?.reported(result.id) ?? result), ...plan.refused]
}

async function request(
  desk: Desk,
  plan: Plan,
  rate: number,
  options: RedriveOptions,
  watch: ReportWatch | undefined,
): Promise<void> {
  let requested = 0
  const tell = (): void =>
    options.progress?.({
      total: plan.total,
      toRequest: plan.requests.length,
      requested,
      redriven: watch?.count('redriven') ?? 0,
      failed: watch?.count('failed') ?? 0,
    })
  watch?.start(tell)
  const batch = newBatch()
  const step = Math.min(idsPerEntry, Math.max(1, Math.floor(rate / stepsPerSecond)))
  for (const piece of pieces(plan.requests, step)) {
    options.signal?.throwIfAborted()
    if (requested > 0 && rate !== Infinity) await sleep(desk.clock, (step / rate) * 1000, options.signal)
    await state(desk, {
      action: 'redrive-requested',
      letters: piece,
      batch,
      ...(options.reason !== undefined && { reason: options.reason }),
    })
    requested += piece.length
    tell()
  }
}

interface Plan {
  readonly total: number
  /** Ids to request, oldest event first. */
  readonly requests: readonly string[]
  /** Ids whose reports are waited for. */
  readonly watched: readonly string[]
  readonly refused: readonly LetterResult[]
  results(outcome: 'would-redrive' | 'requested'): LetterResult[]
}

function planOf(desk: Desk, { letters, refused }: Chosen): Plan {
  const outcomes = new Map<string, 'request' | 'follows' | 'already-redriving'>()
  for (const letter of [...letters].sort(byOrigin)) outcomes.set(letter.id, roleOf(desk, letter))
  const idsOf = (...roles: string[]): string[] =>
    [...outcomes].filter(([, role]) => roles.includes(role)).map(([id]) => id)
  return {
    total: letters.length,
    requests: idsOf('request'),
    watched: idsOf('request', 'already-redriving'),
    refused,
    results: (outcome) => [...outcomes].map(([id, role]) => ({ id, outcome: role === 'request' ? outcome : role })),
  }
}

/** What a redrive would do about a letter. */
export function roleOf(desk: Desk, letter: IndexedLetter): 'request' | 'follows' | 'already-redriving' {
  if (letter.status === 'redriving') return 'already-redriving'
  return desk.index.headOf(letter).id === letter.id ? 'request' : 'follows'
}
