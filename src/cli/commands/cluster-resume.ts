/**
 * `veltrix cluster resume`
 * @module
 */
import { brokerArg, directoryArg } from '../cluster/flags.ts'
import { command } from '../command.ts'

export const clusterResume = command({
  summary: 'Let a broker that was paused go on (SIGCONT).',
  args: { ...brokerArg, ...directoryArg },
  examples: [['veltrix cluster resume 1', 'Broker 1 goes on']],
  async run({ args, shell, out }) {
    const { directoryOf, steerBroker } = await import('../cluster/steer.ts')
    await steerBroker('resume', args.broker, directoryOf(args.directory, shell), out)
  },
})
