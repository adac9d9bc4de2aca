/**
 * `veltrix dead list`
 * @module
 */
import type { LetterPage } from '../../deadletter/index.ts'
import { appArg, command } from '../command.ts'
import { filterArgs, letterFilter } from '../dead/filter.ts'

export const deadList = command({
  summary: 'List dead letters and what is parked behind them, newest first.',
  args: {
    subscription: { type: 'positional', required: false, description: 'Only of this subscription (default: all)' },
    ...filterArgs,
    limit: { type: 'string', valueHint: 'n', default: '50', description: 'At most so many of each subscription' },
    after: { type: 'string', valueHint: 'place', description: 'Go on after a page: its "next"' },
    ...appArg,
  },
  examples: [
    ['veltrix dead list', 'All of them'],
    ['veltrix dead list billing --error timeout --since 2h', 'Of one subscription, by condition'],
    ['veltrix dead list billing --json', '{"letters":[…],"total":3,"next":…}'],
  ],
  async run({ args, shell, out }) {
    const [{ withApp }, { knownSubscription, letterTable, openLetters }, { wholeNumber }] = await Promise.all([
      import('../with-app.ts'),
      import('../dead/letters.ts'),
      import('../values.ts'),
    ])
    const limit = wholeNumber('limit', args.limit, { min: 1, max: 10_000 })!
    const now = shell.clock.now()
    const filter = letterFilter(args, now)
    return withApp(args.app, shell, async (loaded) => {
      const wanted = args.subscription
      const names = wanted === undefined ? [...loaded.config.subscriptions.keys()] : [knownSubscription(wanted, loaded)]
      const letters = await openLetters(loaded, shell)
      const page = args.after === undefined ? { limit } : { limit, after: args.after }
      const pages: ({ subscription: string } & LetterPage)[] = []
      for (const subscription of names) {
        pages.push({ subscription, ...(await letters.list(subscription, filter, page)) })
      }
      const total = pages.reduce((sum, { total }) => sum + total, 0)
      const all = pages.flatMap(({ subscription, letters }) => letters.map((letter) => ({ subscription, ...letter })))
      const next = Object.fromEntries(
        pages.flatMap((each) => (each.next === undefined ? [] : [[each.subscription, each.next]])),
      )
      if (out.json)
        await out.result({ letters: all, total, next: wanted === undefined ? next : (next[wanted] ?? null) })
      else if (all.length === 0) await out.lines('no dead letters')
      else {
        const more = total > all.length ? [out.paint.faint(`${all.length} of ${total}; --limit shows more`)] : []
        await out.lines(...letterTable(all, now, out), ...more)
      }
    })
  },
})
