/**
 * `veltrix dead replace`
 * @module
 */
import { appArg, command } from '../command.ts'

export const deadReplace = command({
  summary: 'Run a dead letter with another payload, in its place.',
  details: [
    'The payload is checked by its schema and must have the same key. Before the events of its key that wait behind it, the subscription handles an event with it: with an id of its own, and the old one as causationid. Start from what "dead show --json" has as event.data: where a secret is left as "***", it keeps its value. The same call again changes nothing.',
  ],
  args: {
    subscription: { type: 'positional', required: true, description: 'Whose letter' },
    id: { type: 'positional', required: true, description: 'Its id, as "dead list" shows it: topic/partition/offset' },
    data: {
      type: 'string',
      alias: 'd',
      valueHint: 'json',
      required: true,
      description: 'The whole payload: JSON, a file of it, or - for stdin',
    },
    reason: { type: 'string', valueHint: 'text', required: true, description: 'What was wrong, kept in the audit' },
    'dry-run': { type: 'boolean', alias: 'n', description: 'Show what would change, change nothing' },
    yes: { type: 'boolean', alias: 'y', description: 'Do not ask' },
    ...appArg,
  },
  examples: [
    [
      'veltrix dead replace billing checkout.orders.critical/3/128 --data order.json --reason "wrong total" --dry-run',
      'What would change',
    ],
    [
      `veltrix dead show billing checkout.orders.critical/3/128 --json | jq '.event.data | .total = 12.5' | veltrix dead replace billing checkout.orders.critical/3/128 --data - --reason "wrong total" --yes`,
      'One field of it',
    ],
  ],
  async run({ args, shell, out }) {
    const [{ withApp }, letters, { confirmed }, { payloadGiven }, { differencesOf, differenceLines }] =
      await Promise.all([
        import('../with-app.ts'),
        import('../dead/letters.ts'),
        import('../dead/confirm.ts'),
        import('../dead/payload.ts'),
        import('../dead/difference.ts'),
      ])
    const data = await payloadGiven(args.data, shell)
    const { reason, id, 'dry-run': dryRun = false } = args
    return withApp(args.app, shell, async (loaded) => {
      const subscription = letters.knownSubscription(args.subscription, loaded)
      const desk = await letters.openLetters(loaded, shell)
      const planned = await desk.replace(subscription, id, { data, reason, dryRun: true })
      const differences = differencesOf(planned, loaded.config)
      if (!out.json) await out.lines(...differenceLines(differences, out))
      const question = `Replace the payload of ${id}, and run it?`
      if (!dryRun && !(await confirmed(question, args.yes === true, shell))) return 1
      const { outcome, eventId } = dryRun ? planned : await desk.replace(subscription, id, { data, reason })
      if (out.json) await out.result({ subscription, id, dryRun, outcome, eventId, differences })
      else await out.lines(`${out.paint.strong(outcome)} ${id} as event ${eventId}`)
      return 0
    })
  },
})
