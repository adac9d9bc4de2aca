/**
 * `veltrix cluster status`
 * @module
 */
import { directoryArg } from '../cluster/flags.ts'
import { command } from '../command.ts'

export const clusterStatus = command({
  summary: 'Show the brokers of the cluster that is up, and which is the controller.',
  args: { ...directoryArg },
  examples: [
    ['veltrix cluster status', 'Brokers, where they listen, their processes'],
    ['veltrix cluster status --json', 'The same for a script'],
  ],
  async run({ args, shell, out }) {
    const { directoryOf, showStatus } = await import('../cluster/steer.ts')
    await showStatus(directoryOf(args.directory, shell), out)
  },
})
