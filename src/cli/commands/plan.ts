/**
 * `veltrix plan`
 * @module
 */
import { appArg, command } from '../command.ts'
import { allowArgs } from '../topology/arguments.ts'

export const plan = command({
  summary: 'Show what differs between the typed file and the log.',
  details: [
    'Changes nothing. Each line says what apply would do, and why: + made, ~ changed, - removed, ! dangerous or impossible. Warnings are about settings of brokers that apply cannot change. Topics that the application does not own are never touched, and partitions are never lowered.',
    'Exit code 0 when there is nothing to do, 3 when there are changes, 1 when the plan cannot be applied (!) or could not be made; this command uses 3 for nothing else.',
    'With --acls it prints instead the least rights that publishing, working and applying need on Kafka, as commands of kafka-acls.sh; it asks no broker for that.',
  ],
  args: {
    out: {
      type: 'string',
      alias: 'o',
      valueHint: 'file',
      description: 'Write the plan to a file for "veltrix apply <file>"',
    },
    acls: { type: 'boolean', description: 'Print the rights each kind of process needs, and nothing else' },
    ...allowArgs,
    ...appArg,
  },
  examples: [
    ['veltrix plan', 'What apply would do'],
    ['veltrix plan --out plan.json', 'Keep it, to have it looked at and then applied as it is'],
    ['veltrix plan --json', '{"changes":[{"symbol","subject","what","reason",…}],"summary":"…",…}'],
    ['veltrix plan --acls', 'Commands that grant the least rights'],
  ],
  async run({ args, every, shell, out }) {
    if (args.acls === true) {
      const { showAcls } = await import('../topology/acls.ts')
      return showAcls(args.app, shell, out)
    }
    const [{ showPlan }, { allowances }] = await Promise.all([
      import('../topology/show-plan.ts'),
      import('../topology/arguments.ts'),
    ])
    return showPlan({ place: args.app, file: args.out, allowed: allowances(args, every) }, shell, out)
  },
})
