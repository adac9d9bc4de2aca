/**
 * `veltrix dead discard`
 * @module
 */
import { appArg, command } from '../command.ts'
import { filterArgs, letterSelection } from '../dead/filter.ts'

export const deadDiscard = command({
  summary: 'Give dead letters up, with a reason that is kept.',
  details: [
    'What was parked behind a discarded letter runs then, in order. Its record stays on the dead topic until retention takes it.',
  ],
  args: {
    subscription: { type: 'positional', required: true, description: 'Whose letters' },
    ...filterArgs,
    all: { type: 'boolean', description: 'Every letter of the subscription' },
    reason: { type: 'string', valueHint: 'text', required: true, description: 'Why these events need not be handled' },
    'dry-run': { type: 'boolean', alias: 'n', description: 'Say what would be done, change nothing' },
    yes: { type: 'boolean', alias: 'y', description: 'Do not ask' },
    ...appArg,
  },
  rest: 'id',
  examples: [
    ['veltrix dead discard billing checkout.orders.critical/3/128 --reason "order was cancelled"', 'One letter'],
    [
      'veltrix dead discard billing --type order.placed --until 7d --reason "too old" --yes',
      'By condition, without being asked',
    ],
  ],
  async run({ args, rest, shell, out }) {
    const [{ withApp }, letters, { confirmed }, { plural }] = await Promise.all([
      import('../with-app.ts'),
      import('../dead/letters.ts'),
      import('../dead/confirm.ts'),
      import('../format.ts'),
    ])
    const selection = letterSelection(args, args.all === true, rest, shell.clock.now())
    const dryRun = args['dry-run'] === true
    return withApp(args.app, shell, async (loaded) => {
      const subscription = letters.knownSubscription(args.subscription, loaded)
      const desk = await letters.openLetters(loaded, shell)
      if (!dryRun) {
        const { total } = await desk.dryRun(subscription, 'discard', selection)
        const what = `${plural(total, 'dead letter')} of ${subscription}`
        const question = `Discard ${what}? What is discarded will never be handled.`
        if (total > 0 && !(await confirmed(question, args.yes === true, shell))) return 1
      }
      const results = await desk.discard(subscription, selection, { reason: args.reason, dryRun })
      if (out.json) await out.result({ subscription, dryRun, results: letters.resultsJson(results) })
      else await out.lines(...letters.resultLines(results, out))
      return letters.anyRefused(results) ? 1 : 0
    })
  },
})
