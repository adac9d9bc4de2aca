/**
 * Violations to be planted: each takes a good history and changes what one line says, or takes one line away. The checker has to find every
 * one by its rule.
 * @module
 */
import type { Happening, LineOf } from './happening.ts'
import { partsOf } from './published.ts'
import type { RuleName } from './violations.ts'

export interface Plant {
  readonly name: string
  readonly rule: RuleName
  /** The history with the violation in it. @throws when it has no line that fits */
  plant(history: readonly Happening[]): readonly Happening[]
}

/** What replaces a line; `undefined` takes it away. */
type Replacement<What extends Happening['what']> = (
  line: LineOf<What>,
  history: readonly Happening[],
) => Partial<LineOf<What>> | undefined

/** Changes the first line of its kind that fits. */
function changed<What extends Happening['what']>(
  what: What,
  fits: (line: LineOf<What>, history: readonly Happening[]) => boolean,
  change: Replacement<What>,
): Plant['plant'] {
  return (history) => {
    const index = history.findIndex((line) => line.what === what && fits(line as LineOf<What>, history))
    if (index < 0) throw new Error(`The history has no line "${what}" to plant this in.`)
    const line = history[index] as LineOf<What>
    const replacement = change(line, history)
    const rest = history.toSpliced(index, 1)
    if (replacement === undefined) return rest
    // A line may have moved to another time.
    return [...rest, { ...line, ...replacement } as Happening].sort((a, b) => a.t - b.t)
  }
}

const any = (): boolean => true
const away = (): undefined => undefined
/** A number no process gives to a handler call. */
const unusedRun = 1e9
/** Between two lines of one process. */
const moment = 0.001

/** The attempt that a line ends. */
function startOf(history: readonly Happening[], end: LineOf<'end'>): LineOf<'start'> {
  return history.find((line) => line.what === 'start' && line.by === end.by && line.run === end.run) as LineOf<'start'>
}

/** The first attempt of the next event of its key. */
function nextOfKey(history: readonly Happening[], first: LineOf<'start'>): LineOf<'start'> | undefined {
  const { subscription, key, sequence, t } = first
  return history.find(
    (line): line is LineOf<'start'> =>
      line.what === 'start' &&
      line.subscription === subscription &&
      line.key === key &&
      line.sequence === sequence + 1 &&
      line.t > t,
  )
}

function isFollowed(line: LineOf<'start'>, history: readonly Happening[]): boolean {
  return nextOfKey(history, line) !== undefined
}

/** As if it had come a moment after the start of the next event of its key. */
function afterNext(line: LineOf<'start'>, history: readonly Happening[]): { t: number } {
  return { t: nextOfKey(history, line)!.t + moment }
}

function inserted(history: readonly Happening[], line: Happening): readonly Happening[] {
  return [...history, line].sort((a, b) => a.t - b.t)
}

/** An owner starts an event again that it has just handled. */
function handledTwice(history: readonly Happening[]): readonly Happening[] {
  const end = history.find((line) => line.what === 'end' && line.outcome === 'ok') as LineOf<'end'>
  return inserted(history, { ...startOf(history, end), run: unusedRun, t: end.t + moment })
}

/** An event that went behind a dead letter is started before its key is free. */
function startedThoughParked(history: readonly Happening[]): readonly Happening[] {
  const parked = history.find((line) => line.what === 'letter' && line.kind === 'parked') as LineOf<'letter'>
  const { subscription, at, offset, id } = parked
  const { key, sequence } = partsOf(id)
  const dead = history.find(
    (line) => line.what === 'dead' && line.subscription === subscription && line.at === at && line.offset < offset,
  ) as LineOf<'dead'>
  const { t, wall, by, pid } = dead
  const started = { what: 'start', run: unusedRun, subscription, id, key, sequence, attempt: 1, at, offset } as const
  return inserted(history, { t: t + moment, wall, by, pid, ...started })
}

/** The last look says what was so at the beginning. */
function wentBack(history: readonly Happening[]): readonly Happening[] {
  const last = history.findLast((line) => line.what === 'positions')
  return changed(
    'positions',
    (line) => line === last,
    ({ committed }) => ({ committed: everywhere(committed, 0) }),
  )(history)
}

function everywhere(committed: Readonly<Record<string, number>>, offset: number): Record<string, number> {
  return Object.fromEntries(Object.keys(committed).map((at) => [at, offset]))
}

export const plants: readonly Plant[] = [
  {
    name: 'a handler did not come to its end, and nobody tried again',
    rule: 'lost',
    plant: changed(
      'end',
      (line, history) => line.outcome === 'ok' && !isFollowed(startOf(history, line), history),
      () => ({ outcome: 'interrupted' }),
    ),
  },
  {
    name: 'a letter is not in the dead topic',
    rule: 'lost',
    plant: changed('letter', any, away),
  },
  {
    name: 'a publisher was told that it failed, and it was handled',
    rule: 'stored though failed',
    plant: changed('acked', any, () => ({ what: 'failed', code: 'planted' }) as never),
  },
  {
    name: 'an event lies before an earlier one of its key',
    rule: 'publish order',
    plant: changed(
      'acked',
      ({ id, offset }) => !id.endsWith(':0') && offset !== undefined,
      () => ({ offset: 0 }),
    ),
  },
  {
    name: 'an event was started before one that lies before it',
    rule: 'order',
    plant: changed('start', isFollowed, afterNext),
  },
  {
    name: 'an event was started while the one before it was running',
    rule: 'overlap',
    plant: changed(
      'end',
      (line, history) => line.outcome === 'ok' && isFollowed(startOf(history, line), history),
      (line, history) => afterNext(startOf(history, line), history),
    ),
  },
  {
    name: 'an event was started that failed for the last time, and its key is parked',
    rule: 'parked order',
    plant: startedThoughParked,
  },
  {
    name: 'a process started an event of a partition that it was never given',
    rule: 'ownership',
    plant: changed('assigned', any, away),
  },
  {
    name: 'an owner handled an event twice',
    rule: 'again',
    plant: handledTwice,
  },
  {
    name: 'an attempt has a number too high',
    rule: 'attempts',
    plant: changed(
      'start',
      ({ attempt }) => attempt === 1,
      () => ({ attempt: 9 }),
    ),
  },
  {
    name: 'an event is dead after fewer attempts than configured',
    rule: 'attempts',
    plant: changed(
      'letter',
      ({ kind, reason }) => kind === 'dead' && reason === 'attempts-exhausted',
      (line) => ({
        attempts: line.attempts - 1,
      }),
    ),
  },
  {
    name: 'a handler failed that was not made to',
    rule: 'unplanned',
    plant: changed(
      'end',
      ({ outcome }) => outcome === 'ok',
      () => ({ outcome: 'unplanned', error: 'planted' }),
    ),
  },
  {
    name: 'a position is committed that is too far',
    rule: 'commit ahead',
    plant: changed('positions', any, ({ committed }) => ({
      committed: everywhere(committed, 1e9),
    })),
  },
  {
    name: 'a position went back',
    rule: 'commit back',
    plant: wentBack,
  },
  {
    name: 'an effect is in the database twice',
    rule: 'effect twice',
    plant: changed('rows', any, () => ({ count: 2 })),
  },
  {
    name: 'an effect of a handled event is not in the database',
    rule: 'effect lost',
    plant: changed('rows', any, away),
  },
  {
    name: 'it took too long after a fault',
    rule: 'stuck',
    plant: changed('drained', any, () => ({ afterMs: 3_600_000 })),
  },
  {
    name: 'something was left to do at the end',
    rule: 'stuck',
    plant: changed('finish', any, () => ({ drained: false, leftToDo: 'planted' })),
  },
  {
    name: 'what a fault is about never happened',
    rule: 'no fault',
    plant: changed('fault begins', any, () => ({ needs: { 'never seen': 1 } })),
  },
  {
    name: 'no fault ever began',
    rule: 'no fault',
    plant: (history) => history.filter(({ what }) => what !== 'fault begins'),
  },
  {
    name: 'far too few events were published',
    rule: 'load',
    plant: changed('facts', any, () => ({ leastRate: 1e6 })),
  },
  {
    name: 'a handler ends that never started',
    rule: 'history',
    plant: changed('start', any, away),
  },
]
