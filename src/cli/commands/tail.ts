/**
 * `veltrix tail`
 * @module
 */
import { appArg, command } from '../command.ts'
import { UsageInvalid } from '../errors.ts'

export const tail = command({
  summary: 'Show events as they lie on the log, and follow it.',
  details: [
    'Reads without a consumer group: no position moves, no subscription notices. Fields that the typed file calls secret are masked. Partitions are merged by the time of their events.',
  ],
  args: {
    stream: { type: 'positional', required: false, description: 'Only this stream (default: all)' },
    lane: { type: 'string', alias: 'l', description: 'Only this lane' },
    type: { type: 'string', alias: 't', description: 'Only events of this type' },
    key: { type: 'string', alias: 'k', description: 'Only events with this key' },
    filter: {
      type: 'string',
      valueHint: 'cel',
      description: 'Only events this CEL expression on "event" says true of; may be given several times',
    },
    from: {
      type: 'string',
      valueHint: 'place',
      default: '-10',
      description: 'earliest, latest, or the last so many as -10',
    },
    follow: {
      type: 'boolean',
      default: true,
      description: 'Go on with new events',
      negativeDescription: 'Stop at the end',
    },
    ...appArg,
  },
  examples: [
    ['veltrix tail', 'The last ten events, then new ones'],
    ['veltrix tail orders --lane critical --from latest', 'Only what is urgent, from now on'],
    ['veltrix tail orders --key o-17 --from earliest --no-follow', 'The whole story of one key'],
    [`veltrix tail --filter 'event.lane == "critical" && event.data.total > 100.0'`, 'Only what is worth much'],
    [
      'veltrix tail --from earliest --no-follow --json > events.ndjson',
      'A copy that "veltrix publish --file" reads, but for events with secret fields',
    ],
  ],
  async run({ args, every, shell, out }) {
    const from = fromOf(args.from)
    const [{ withApp }, { showTail }, { oneOf }, { didYouMean }] = await Promise.all([
      import('../with-app.ts'),
      import('../tail/tail.ts'),
      import('../values.ts'),
      import('../suggestion.ts'),
    ])
    const check = (what: string, name: string | undefined, known: readonly string[]): void => {
      if (name !== undefined)
        oneOf(
          what,
          name,
          known,
          didYouMean(name, known, (found) => `"${found}"`),
        )
    }
    return withApp(args.app, shell, async (loaded) => {
      const { stream, lane, type, key, follow } = args
      check('stream', stream, [...loaded.config.streams.keys()])
      check(
        'lane',
        lane,
        loaded.config.lanes.map((declared) => declared.name),
      )
      await showTail(loaded, { stream, lane, type, key, filters: every('filter'), from, follow }, shell, out)
    })
  },
})

function fromOf(text: string): 'earliest' | 'latest' | { last: number } {
  if (text === 'earliest' || text === 'latest') return text
  const last = /^-(\d{1,6})$/.exec(text)?.[1]
  if (last !== undefined) return { last: Number(last) }
  throw new UsageInvalid(`--from cannot be "${text}": write earliest, latest, or the last so many as -10.`)
}
