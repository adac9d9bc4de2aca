/**
 * `veltrix cluster down`
 * @module
 */
import { directoryArg } from '../cluster/flags.ts'
import { command } from '../command.ts'

export const clusterDown = command({
  summary: 'End the cluster that is up; its data stays.',
  details: [
    'Brokers end in good order, or are killed after 20 s. Resolves when all are gone. "veltrix cluster up" brings the same cluster up again, with its topics; "veltrix cluster up --fresh" begins without them.',
  ],
  args: { ...directoryArg },
  examples: [['veltrix cluster down', 'End it, from any terminal']],
  async run({ args, shell, out }) {
    const { bringDown, directoryOf } = await import('../cluster/steer.ts')
    await bringDown(directoryOf(args.directory, shell), shell, out)
  },
})
