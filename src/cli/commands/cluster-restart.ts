/**
 * `veltrix cluster restart`
 * @module
 */
import { brokerArg, directoryArg } from '../cluster/flags.ts'
import { command } from '../command.ts'

export const clusterRestart = command({
  summary: 'Start a broker again; one that runs is first asked to end.',
  details: [
    'A running broker hands over what it leads, and ends; then it is started on its files. Resolves when it answers. After a kill that may take until the old session is over (6 s).',
  ],
  args: { ...brokerArg, ...directoryArg },
  examples: [['veltrix cluster restart 2', 'Broker 2 comes back, or is restarted in good order']],
  async run({ args, shell, out }) {
    const { directoryOf, steerBroker } = await import('../cluster/steer.ts')
    await steerBroker('restart', args.broker, directoryOf(args.directory, shell), out)
  },
})
