/**
 * `veltrix dead show`
 * @module
 */
import { appArg, command } from '../command.ts'

export const deadShow = command({
  summary: 'Show one dead letter with its whole story.',
  details: ['Payload fields that the typed file calls secret are masked.'],
  args: {
    subscription: { type: 'positional', required: true, description: 'Whose letter' },
    id: { type: 'positional', required: true, description: 'Its id, as "dead list" shows it: topic/partition/offset' },
    ...appArg,
  },
  examples: [
    [
      'veltrix dead show billing checkout.orders.critical/3/128',
      'Error chain, attempts, event, what was done about it',
    ],
  ],
  async run({ args, shell, out }) {
    const [{ withApp }, { knownSubscription, openLetters }, { shownJson, shownLines }] = await Promise.all([
      import('../with-app.ts'),
      import('../dead/letters.ts'),
      import('../dead/shown.ts'),
    ])
    return withApp(args.app, shell, async (loaded) => {
      const subscription = knownSubscription(args.subscription, loaded)
      const shown = await (await openLetters(loaded, shell)).show(subscription, args.id)
      if (out.json) await out.result(shownJson(subscription, shown, loaded.config))
      else await out.lines(...shownLines(subscription, shown, loaded.config, out))
    })
  },
})
