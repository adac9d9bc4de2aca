/**
 * One dead letter, in words and as JSON.
 * @module
 */
import { masked, type CompiledConfig } from '../../config/index.ts'
import type { AuditEntry, ErrorStory, ShownLetter } from '../../deadletter/index.ts'
import { bytes, moment, printable } from '../format.ts'
import type { Output } from '../output.ts'
import { pairLines } from '../table.ts'

/** Everything but the raw record: its bytes are on the dead topic. */
export function shownJson(subscription: string, shown: ShownLetter, config: CompiledConfig): unknown {
  const { letter, event, undecodable, story, audit, behind, followers } = shown
  return {
    subscription,
    letter,
    event: event === undefined ? null : { ...event, data: masked(event.data, event.type, config) },
    ...(undecodable === undefined ? {} : { undecodable: undecodable.message }),
    story: story ?? null,
    audit,
    behind: behind?.id ?? null,
    followers: followers.map((follower) => follower.id),
  }
}

export function shownLines(
  subscription: string,
  shown: ShownLetter,
  config: CompiledConfig,
  out: Pick<Output, 'paint' | 'width'>,
): string[] {
  const { letter, event, undecodable, story, audit, behind, followers } = shown
  const { paint, width } = out
  const facts: [string, string][] = [
    ['subscription', subscription],
    ['status', `${letter.status} (${letter.reason})`],
    ['event', `${printable(letter.type)} ${printable(letter.eventId)}`],
    ['key', printable(letter.key)],
    ['stream, lane', `${letter.stream}, ${letter.lane}`],
    ['attempts', String(letter.attempts)],
    // What was parked at once was never tried.
    ...(letter.firstAttemptAt > 0
      ? [['first, last', `${moment(letter.firstAttemptAt)}, ${moment(letter.lastAttemptAt)} UTC`] as [string, string]]
      : []),
    ['kept', `${moment(letter.deadAt)} UTC, ${bytes(letter.bytes)}`],
    ...(behind === undefined ? [] : [['waits behind', behind.id] as [string, string]]),
    ...(followers.length === 0
      ? []
      : [['behind it', `${followers.length}, first ${followers[0]!.id}`] as [string, string]]),
  ]
  const payload = event === undefined ? undefined : JSON.stringify(masked(event.data, event.type, config), null, 2)
  return [
    paint.strong(letter.id),
    ...pairLines(facts, Math.min(width, 100), paint),
    '',
    paint.strong('Payload'),
    ...(payload?.split('\n').map((line) => `  ${line}`) ?? [`  ${paint.bad(undecodable?.message ?? 'none')}`]),
    ...(story === undefined ? [] : ['', paint.strong('Error'), ...storyLines(story, out)]),
    ...(audit.length === 0
      ? []
      : ['', paint.strong('What was done'), ...audit.map((entry) => `  ${auditLine(entry, out)}`)]),
  ]
}

function storyLines(story: ErrorStory, { paint }: Pick<Output, 'paint'>): string[] {
  return story.chain.flatMap((link, index) => {
    const lead = index === 0 ? '' : `${link.via ?? 'cause'} of it: `
    const code = link.code === undefined ? '' : ` (${link.code})`
    const stack = (link.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
    return [
      `  ${lead}${paint.bad(printable(link.name))}: ${printable(link.message)}${printable(code)}`,
      ...stack.slice(0, 6).map((line) => `    ${paint.faint(printable(line.trim()))}`),
    ]
  })
}

/** `2026-03-01 12:00:00 discarded by ana@host: duplicate order (3 letters)` */
export function auditLine(entry: AuditEntry, { paint }: Pick<Output, 'paint'>): string {
  const why = entry.reason === undefined ? '' : `: ${printable(entry.reason)}`
  const failure = entry.error?.chain[0] === undefined ? '' : `: ${printable(entry.error.chain[0].message)}`
  const many = entry.letters.length === 1 ? printable(entry.letters[0]!) : `${entry.letters.length} letters`
  return `${paint.faint(moment(entry.at))} ${paint.strong(entry.action)} ${many} by ${printable(entry.by)}${why}${failure}`
}
