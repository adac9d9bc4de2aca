/**
 * The story of one event: from its publisher to what became of it, as far as this process and the log know.
 * @module
 */
import type { AuditEntry } from '../../deadletter/index.ts'
import { eventTimeMs, type VeltrixEvent } from '../../event/index.ts'
import type { Placed } from '../../tail/index.ts'
import type { StoryStep } from '../api/index.ts'
import type { Moment } from './attempts.ts'
import type { SubscriptionProgress } from './progress.ts'

/** What happened before any subscription. */
export function beginning({ from, record }: Placed, event: VeltrixEvent | undefined): StoryStep[] {
  const publishedAt = event && eventTimeMs(event)
  const before = { subscription: null, attempt: null }
  const place = `${from.topic}, partition ${from.partition}, offset ${record.offset}`
  return [
    ...(event === undefined
      ? []
      : [{ ...before, at: publishedAt ?? null, step: 'accepted' as const, text: `Published by ${event.source}.` }]),
    {
      ...before,
      // The publisher gives a record the time of its event. Only a log that writes its own time says more.
      at: publishedAt !== undefined && Math.trunc(publishedAt) === record.timestamp ? null : record.timestamp,
      step: 'stored',
      text: `Stored in ${place}.`,
    },
  ]
}

/** What a subscription did with it. */
export function storyOf(
  progress: SubscriptionProgress,
  { offset, event }: { readonly offset: number; readonly event: VeltrixEvent | undefined },
  moments: readonly Moment[],
  audit: readonly AuditEntry[],
): StoryStep[] {
  const { name, events, topics } = progress.subscription
  const step = (
    at: number | null,
    kind: StoryStep['step'],
    text: string,
    attempt: number | null = null,
  ): StoryStep => ({
    at,
    step: kind,
    subscription: name,
    attempt,
    text,
  })
  if (event !== undefined && !events.has(event.type) && topics.length > 0) return []
  const own = moments.filter(({ subscription }) => subscription === name)
  const told = own.map((moment) => step(moment.at, ...told3(moment), moment.attempt ?? null))
  const acts = audit.map(({ at, action, by, reason }) => {
    const why = reason === undefined ? '' : `: ${reason}`
    if (action === 'discarded') return step(at, 'discarded', `Discarded by ${by}${why}.`)
    if (action === 'redrive-requested') return step(at, 'waiting', `To be run again, asked by ${by}${why}.`)
    if (action === 'replaced') return step(at, 'waiting', `Its payload was replaced by ${by}${why}.`)
    if (action === 'redrive-failed') return step(at, 'failed', 'Run again, and failed again.')
    return step(
      at,
      'redriven',
      action === 'released' ? 'Run in its turn behind a parked key.' : 'Run again, and handled.',
    )
  })
  const known = [...told, ...acts].toSorted((a, b) => a.at! - b.at!)
  return [...known, ...ending(progress, offset, event?.key ?? '', own, acts, step)]
}

type MakeStep = (at: number | null, kind: StoryStep['step'], text: string, attempt?: number | null) => StoryStep

/** What the log adds to what was told here. */
function ending(
  progress: SubscriptionProgress,
  offset: number,
  key: string,
  moments: readonly Moment[],
  acts: readonly StoryStep[],
  step: MakeStep,
): StoryStep[] {
  const letter = progress.letterAt(offset)
  if (letter !== undefined) {
    if (moments.some(({ kind }) => kind === letter.kind)) return []
    const why = letter.errorMessage === undefined ? '' : `, ${letter.errorName}: ${letter.errorMessage}`
    const text =
      letter.kind === 'parked'
        ? 'Waits behind a dead letter of its key.'
        : `Dead after ${letter.attempts} attempts (${letter.reason})${why}.`
    return [step(letter.deadAt, letter.kind, text, letter.attempts)]
  }
  if (moments.some(({ kind }) => kind === 'handled' || kind === 'dead') || acts.length > 0) return []
  const state = progress.stateOf(offset, key)
  if (state === 'done')
    return [
      step(null, 'done', 'Done by the position of the group; how it ran was seen by another process, or is forgotten.'),
    ]
  if (moments.length > 0) return []
  const counted = progress.attemptsAt(offset)
  return counted === undefined
    ? [step(null, 'waiting', 'Waits for its turn, or runs elsewhere.')]
    : [
        step(
          counted.lastAttemptAt,
          'failed',
          `${counted.attempts} attempts failed, the first at ${new Date(counted.firstAttemptAt).toISOString()}; it is tried again.`,
          counted.attempts,
        ),
      ]
}

function told3({ kind, attempt, durationMs, delayMs, reason, error }: Moment): [StoryStep['step'], string] {
  switch (kind) {
    case 'started':
      return ['started', `Attempt ${attempt} begins.`]
    case 'handled':
      return ['done', `Handled by attempt ${attempt} in ${Math.round(durationMs!)} ms.`]
    case 'retry':
      return ['retry', `Attempt ${attempt} failed, again in ${Math.round(delayMs!)} ms: ${error}`]
    case 'dead':
      return ['dead', `Dead after attempt ${attempt} (${reason}): ${error}`]
    case 'parked':
      return ['parked', 'Parked behind a dead letter of its key.']
  }
}
