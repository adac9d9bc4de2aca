/**
 * `veltrix apply`
 * @module
 */
import { appArg, command } from '../command.ts'
import { allowArgs } from '../topology/arguments.ts'

export const apply = command({
  summary: 'Make the log as the typed file says, after showing what that takes.',
  details: [
    'Without a file it makes a plan, shows it and asks. With a file of "veltrix plan --out" it does just that, and refuses it when the cluster or the typed file has changed since. Killed at any moment it can be run again: it goes on from what is there.',
    'One at a time: who comes second is told who applies and since when. What was done is remembered in the topic <app>._topology.',
    'Exit code 0 when the log is as the typed file says, 1 when the plan was refused, declined or cannot be applied (!).',
  ],
  args: {
    plan: { type: 'positional', required: false, description: 'A file of "veltrix plan --out"' },
    yes: { type: 'boolean', alias: 'y', description: 'Do not ask' },
    throttle: {
      type: 'string',
      valueHint: 'size',
      description: 'Bound of moving copies, a second and broker: 50MiB (default: none)',
    },
    'lock-timeout': {
      type: 'string',
      valueHint: 'duration',
      description: 'How long to wait for another who applies (default: 0s)',
    },
    ...allowArgs,
    ...appArg,
  },
  examples: [
    ['veltrix apply', 'Show what differs, ask, and do it'],
    ['veltrix apply plan.json --yes', 'Do what was planned and looked at before, and nothing else'],
    ['veltrix apply --yes --throttle 50MiB', 'In a pipeline, with copies moved slowly'],
    ['veltrix apply --yes --json', '{"outcome":"applied","steps":[{"symbol","kind","subject","what"}],"summary":"…"}'],
  ],
  async run({ args, every, shell, out }) {
    const [{ applyPlan }, { allowances }, { duration, size }] = await Promise.all([
      import('../topology/apply-plan.ts'),
      import('../topology/arguments.ts'),
      import('../values.ts'),
    ])
    const wanted = {
      place: args.app,
      file: args.plan,
      yes: args.yes === true,
      throttleBytes: size('throttle', args.throttle),
      lockTimeoutMs: duration('lock-timeout', args['lock-timeout']),
      allowed: allowances(args, every),
    }
    return applyPlan(wanted, shell, out)
  },
})
