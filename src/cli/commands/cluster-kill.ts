/**
 * `veltrix cluster kill`
 * @module
 */
import { brokerArg, directoryArg } from '../cluster/flags.ts'
import { command } from '../command.ts'

export const clusterKill = command({
  summary: 'Kill a broker (kill -9): it loses nothing that was acknowledged.',
  details: [
    "The broker's process is killed at once, as a crash would do it. Others take over what it led when its session is over (6 s).",
  ],
  args: { ...brokerArg, ...directoryArg },
  examples: [['veltrix cluster kill 2', 'Broker 2 is gone; "veltrix cluster restart 2" brings it back']],
  async run({ args, shell, out }) {
    const { directoryOf, steerBroker } = await import('../cluster/steer.ts')
    await steerBroker('kill', args.broker, directoryOf(args.directory, shell), out)
  },
})
