/**
 * `veltrix dead keys`
 * @module
 */
import { appArg, command } from '../command.ts'

export const deadKeys = command({
  summary: 'Keys that stand still behind a dead letter (park-key), those with most followers first.',
  args: {
    subscription: { type: 'positional', required: false, description: 'Only of this subscription (default: all)' },
    limit: { type: 'string', valueHint: 'n', default: '50', description: 'At most so many of each subscription' },
    ...appArg,
  },
  examples: [
    ['veltrix dead keys', 'Every key that waits, and for which letter'],
    ['veltrix dead keys billing --json', '{"keys":[{"key":"o-17","followers":3,"head":{…},…}],"total":1}'],
  ],
  async run({ args, shell, out }) {
    const [{ withApp }, { knownSubscription, openLetters }, { keyTable }, { wholeNumber }] = await Promise.all([
      import('../with-app.ts'),
      import('../dead/letters.ts'),
      import('../dead/groups.ts'),
      import('../values.ts'),
    ])
    const limit = wholeNumber('limit', args.limit, { min: 1, max: 10_000 })!
    return withApp(args.app, shell, async (loaded) => {
      const wanted = args.subscription
      const names = wanted === undefined ? [...loaded.config.subscriptions.keys()] : [knownSubscription(wanted, loaded)]
      const letters = await openLetters(loaded, shell)
      const keys = []
      let total = 0
      for (const subscription of names) {
        const found = await letters.parkedKeys(subscription, { limit })
        total += found.total
        for (const key of found.keys) keys.push({ subscription, ...key })
      }
      if (out.json) await out.result({ keys, total })
      else if (keys.length === 0) await out.lines('no key is parked')
      else {
        const more = total > keys.length ? [out.paint.faint(`${keys.length} of ${total}; --limit shows more`)] : []
        await out.lines(...keyTable(keys, shell.clock.now(), out), ...more)
      }
    })
  },
})
