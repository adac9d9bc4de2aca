/**
 * `veltrix cluster pause`
 * @module
 */
import { brokerArg, directoryArg } from '../cluster/flags.ts'
import { command } from '../command.ts'

export const clusterPause = command({
  summary: 'Stop a broker for a while (SIGSTOP): it answers nothing.',
  details: [
    'The process keeps its connections and answers nothing, as a machine does that hangs. After the session time-out (6 s) others take over what it led.',
  ],
  args: { ...brokerArg, ...directoryArg },
  examples: [['veltrix cluster pause 1', 'Broker 1 hangs']],
  async run({ args, shell, out }) {
    const { directoryOf, steerBroker } = await import('../cluster/steer.ts')
    await steerBroker('pause', args.broker, directoryOf(args.directory, shell), out)
  },
})
