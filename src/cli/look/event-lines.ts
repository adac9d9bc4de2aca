/**
 * One event in words.
 * @module
 */
import type { EventView, StoryStep } from '../../dashboard/index.ts'
import { bytes, clip, moment, printable } from '../format.ts'
import type { Output } from '../output.ts'
import { pairLines } from '../table.ts'

type Screen = Pick<Output, 'paint' | 'width'>

export function eventLines(view: EventView, out: Screen): string[] {
  const { paint, width } = out
  const { line, event, undecodable, headers, story, trace, neighbours } = view
  const facts: [string, string][] = [
    ['event', `${printable(line.type)} ${printable(line.id)}`],
    ['source', printable(line.source)],
    ['key', printable(line.key)],
    ['stream, lane', `${line.stream}, ${line.lane}`],
    ['stored', `${moment(line.at)} UTC, ${bytes(view.bytes)}`],
    ...(trace === null ? [] : [['trace', trace.id] as [string, string]]),
  ]
  const data = (event as { readonly data?: unknown } | null)?.data
  const payload = JSON.stringify(data, null, 2)?.split('\n') ?? []
  return [
    paint.strong(`${line.topic}/${line.partition}/${line.offset}`),
    ...pairLines(facts, Math.min(width, 100), paint),
    '',
    paint.strong('Payload'),
    ...(undecodable === null
      ? payload.map((text) => `  ${printable(text)}`)
      : [`  ${paint.bad(printable(undecodable))}`]),
    '',
    paint.strong('Headers'),
    ...pairLines(
      headers.map(([name, value]) => [printable(name), printable(value)] as const),
      Math.min(width, 100),
      paint,
    ),
    '',
    paint.strong('Story'),
    ...story.map((step) => storyLine(step, out)),
    '',
    paint.strong('Of the same key, in order'),
    ...neighbours.map((each) => neighbourLine(each, each.offset === line.offset, out)),
  ]
}

function storyLine({ at, step, subscription, text }: StoryStep, { paint }: Screen): string {
  const when = at === null ? ' '.repeat('2026-01-01 00:00:00'.length) : moment(at)
  const isBad = step === 'dead' || step === 'failed' || step === 'parked'
  const what = subscription === null ? step : `${subscription} ${step}`
  return `  ${paint.faint(when)}  ${isBad ? paint.bad(what) : paint.name(what)}  ${printable(text)}`
}

function neighbourLine(
  { at, offset, type, id, state }: EventView['neighbours'][number],
  isItself: boolean,
  { paint, width }: Screen,
): string {
  const isBad = state === 'dead' || state === 'parked' || state === 'retrying'
  const rest = clip(printable(`${type} ${id}`), Math.max(10, width - 46))
  return `${isItself ? paint.strong('›') : ' '} ${paint.faint(moment(at))}  ${String(offset).padStart(8)}  ${isBad ? paint.bad(state) : state}  ${rest}`
}
