/**
 * `veltrix dead groups`
 * @module
 */
import { appArg, command } from '../command.ts'
import { filterArgs, letterFilter } from '../dead/filter.ts'

export const deadGroups = command({
  summary: 'Dead letters by how they failed: same reason, same error, same message but for its numbers and names.',
  details: [
    'In a message # stands for numbers and ids, "…" for what is quoted, <url>, <email>, <path>, <time>, <address> for those. The id of a group is what --group takes; it stays the same from release to release.',
  ],
  args: {
    subscription: { type: 'positional', required: false, description: 'Only of this subscription (default: all)' },
    ...filterArgs,
    ...appArg,
  },
  examples: [
    ['veltrix dead groups', 'The largest first'],
    [
      'veltrix dead groups billing --since 2h --json',
      '{"groups":[{"subscription":"billing","group":"…","count":12,…}]}',
    ],
    ['veltrix dead redrive billing --group 77caec26d9ab', 'Run one group again'],
  ],
  async run({ args, shell, out }) {
    const [{ withApp }, { knownSubscription, openLetters }, { groupTable }] = await Promise.all([
      import('../with-app.ts'),
      import('../dead/letters.ts'),
      import('../dead/groups.ts'),
    ])
    const now = shell.clock.now()
    const filter = letterFilter(args, now)
    return withApp(args.app, shell, async (loaded) => {
      const wanted = args.subscription
      const names = wanted === undefined ? [...loaded.config.subscriptions.keys()] : [knownSubscription(wanted, loaded)]
      const letters = await openLetters(loaded, shell)
      const groups = []
      for (const subscription of names) {
        for (const group of await letters.groups(subscription, filter)) groups.push({ subscription, ...group })
      }
      if (out.json) await out.result({ groups })
      else if (groups.length === 0) await out.lines('no dead letters')
      else await out.lines(...groupTable(groups, now, out))
    })
  },
})
