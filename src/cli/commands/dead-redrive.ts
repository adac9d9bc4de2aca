/**
 * `veltrix dead redrive`
 * @module
 */
import { appArg, command } from '../command.ts'
import { filterArgs, letterSelection } from '../dead/filter.ts'

export const deadRedrive = command({
  summary: 'Run dead letters again through their own handler.',
  details: [
    'Writes a request that the worker of its partition carries out; no other subscription sees the event again. Of a parked key the earliest letter runs first, its followers after it, in order. A running app does the work: with --wait its reports are waited for.',
  ],
  args: {
    subscription: { type: 'positional', required: true, description: 'Whose letters' },
    ...filterArgs,
    all: { type: 'boolean', description: 'Every letter of the subscription' },
    rate: { type: 'string', valueHint: 'n', description: 'Letters a second (default: 100)' },
    reason: { type: 'string', valueHint: 'text', description: 'Reason, kept in the audit' },
    wait: { type: 'boolean', description: 'Wait until the workers have reported' },
    'dry-run': { type: 'boolean', alias: 'n', description: 'Say what would be done, change nothing' },
    yes: { type: 'boolean', alias: 'y', description: 'Do not ask' },
    ...appArg,
  },
  rest: 'id',
  examples: [
    ['veltrix dead redrive billing checkout.orders.critical/3/128 --wait', 'One letter, and wait for what comes of it'],
    [
      'veltrix dead redrive billing --error timeout --rate 20 --reason "provider is back"',
      'By condition, twenty a second',
    ],
    ['veltrix dead redrive billing --all --dry-run', 'What would happen'],
  ],
  async run({ args, rest, shell, out }) {
    const [{ withApp }, { knownSubscription, openLetters }, { wholeNumber }, { confirmed }, { plural }, { redriven }] =
      await Promise.all([
        import('../with-app.ts'),
        import('../dead/letters.ts'),
        import('../values.ts'),
        import('../dead/confirm.ts'),
        import('../format.ts'),
        import('../dead/redriven.ts'),
      ])
    const selection = letterSelection(args, args.all === true, rest, shell.clock.now())
    const rate = wholeNumber('rate', args.rate, { min: 1 })
    const { 'dry-run': dryRun = false, wait = false, reason } = args
    return withApp(args.app, shell, async (loaded) => {
      const subscription = knownSubscription(args.subscription, loaded)
      const desk = await openLetters(loaded, shell)
      if (!dryRun && rest.length === 0) {
        const { total } = await desk.dryRun(subscription, 'redrive', selection)
        const question = `Redrive ${plural(total, 'dead letter')} of ${subscription}?`
        if (total > 0 && !(await confirmed(question, args.yes === true, shell))) return 1
      }
      return redriven(desk, { subscription, selection, dryRun, wait, rate, reason }, loaded, shell, out)
    })
  },
})
