/**
 * `veltrix lanes`
 * @module
 */
import { appArg, command } from '../command.ts'

export const lanes = command({
  summary: 'Show how far each subscription is, lane by lane.',
  details: [
    'Lag is the number of records from the committed position to the end. Events done above the committed position are still counted, so a busy subscription shows a little more than what is really left. OLDEST is the age of the oldest record that is not done: lag in seconds.',
  ],
  args: {
    subscription: { type: 'positional', required: false, description: 'Only this subscription (default: all)' },
    watch: { type: 'boolean', alias: 'w', description: 'Show it again and again, until Ctrl-C' },
    interval: { type: 'string', valueHint: 'duration', default: '1s', description: 'Between two looks of --watch' },
    ...appArg,
  },
  examples: [
    ['veltrix lanes', 'Every subscription'],
    ['veltrix lanes billing --watch', 'One subscription, refreshed every second'],
    [
      'veltrix lanes --json',
      'For a script: {"lanes":[{"subscription","lane","lag","lagSeconds","committed","end","members"}]}',
    ],
  ],
  async run({ args, shell, out }) {
    const [{ withApp }, { showLanes }, { duration, oneOf }, { didYouMean }] = await Promise.all([
      import('../with-app.ts'),
      import('../lanes-table.ts'),
      import('../values.ts'),
      import('../suggestion.ts'),
    ])
    const intervalMs = duration('interval', args.interval, 50)!
    return withApp(args.app, shell, async (loaded) => {
      const { subscription } = args
      const known = [...loaded.config.subscriptions.keys()]
      if (subscription !== undefined) {
        oneOf(
          'subscription',
          subscription,
          known,
          didYouMean(subscription, known, (found) => `"${found}"`),
        )
      }
      await showLanes(loaded, { subscription, watchMs: args.watch ? intervalMs : undefined }, shell, out)
    })
  },
})
