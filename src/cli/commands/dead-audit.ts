/**
 * `veltrix dead audit`
 * @module
 */
import { appArg, command } from '../command.ts'

export const deadAudit = command({
  summary: 'Who redrove or discarded what, and when; newest first.',
  args: {
    subscription: { type: 'positional', required: true, description: 'Whose letters' },
    id: { type: 'positional', required: false, description: 'Only about this letter' },
    limit: { type: 'string', valueHint: 'n', default: '50', description: 'At most so many entries' },
    ...appArg,
  },
  examples: [
    ['veltrix dead audit billing', 'The last fifty entries'],
    ['veltrix dead audit billing checkout.orders.critical/3/128', 'What became of one letter'],
  ],
  async run({ args, shell, out }) {
    const [{ withApp }, { knownSubscription, openLetters }, { auditLine }, { wholeNumber }] = await Promise.all([
      import('../with-app.ts'),
      import('../dead/letters.ts'),
      import('../dead/shown.ts'),
      import('../values.ts'),
    ])
    const limit = wholeNumber('limit', args.limit, { min: 1, max: 10_000 })!
    return withApp(args.app, shell, async (loaded) => {
      const subscription = knownSubscription(args.subscription, loaded)
      const letters = await openLetters(loaded, shell)
      const letter = args.id === undefined ? {} : { letter: args.id }
      const entries = await letters.audit(subscription, { limit, ...letter })
      if (out.json) await out.result({ subscription, entries })
      else
        await out.lines(
          ...(entries.length === 0 ? ['nothing was done yet'] : entries.map((entry) => auditLine(entry, out))),
        )
    })
  },
})
