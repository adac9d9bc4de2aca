/**
 * `veltrix cluster up`
 * @module
 */
import { directoryArg } from '../cluster/flags.ts'
import { command } from '../command.ts'

export const clusterUp = command({
  summary: 'Start a real Kafka cluster on this machine.',
  details: [
    'Starts brokers on 127.0.0.1 from the jars of Apache Kafka, which Maven fetches once into your cache (about 100 MB); needs Java 17 or newer. Where these are missing and Docker answers, or with --docker, the brokers are containers of the official image. For development and tests only: no TLS, no passwords, nothing but this machine.',
    'Stays in the foreground and tells what happens to the brokers; Ctrl-C ends them. With --detach a process in the background keeps them, which "veltrix cluster down" ends. However the keeper ends, also by kill -9, no broker stays behind.',
    'Topics and records stay in the directory and are there again at the next start.',
  ],
  args: {
    brokers: {
      type: 'string',
      valueHint: 'number',
      description: '1 to 9; with 3 or more, topics have three copies (default: 3, or as many as there were)',
    },
    zookeeper: { type: 'boolean', description: 'Kafka 3.9 with ZooKeeper 3.8, instead of Kafka 4 (KRaft)' },
    docker: { type: 'boolean', description: 'Run the brokers in Docker, also where Java is there' },
    port: {
      type: 'string',
      valueHint: 'port',
      description:
        'Port of broker 1; the others follow it, controllers are 100 above. 0: any that are free (default: 9092)',
    },
    detach: { type: 'boolean', description: 'Return when the brokers are up, and keep them up' },
    fresh: { type: 'boolean', description: 'Remove the data of earlier starts first' },
    ...directoryArg,
  },
  examples: [
    ['veltrix cluster up', 'Three brokers, until Ctrl-C'],
    ['veltrix cluster up --detach && veltrix dev --kafka', 'In the background, and the app here on it'],
    ['veltrix cluster up --zookeeper --brokers 1 --port 0', 'One broker of Kafka 3.9 with ZooKeeper, on free ports'],
  ],
  async run({ args, shell, out }) {
    const [{ wholeNumber }, { directoryOf }] = await Promise.all([
      import('../values.ts'),
      import('../cluster/steer.ts'),
    ])
    const options = {
      directory: directoryOf(args.directory, shell),
      brokers: wholeNumber('brokers', args.brokers, { min: 1, max: 9 }),
      port: wholeNumber('port', args.port, { min: 0, max: 65_400 }),
      // Left out means: as it was.
      kind: args.zookeeper ? ('zookeeper' as const) : undefined,
      docker: args.docker ? true : undefined,
      fresh: args.fresh === true,
    }
    if (options.docker && options.kind === 'zookeeper') {
      const { UsageInvalid } = await import('../errors.ts')
      throw new UsageInvalid(
        '--docker and --zookeeper cannot be combined: the image of Apache Kafka has no ZooKeeper mode.',
      )
    }
    if (args.detach) return (await import('../cluster/detach.ts')).upDetached(options, shell, out)
    return (await import('../cluster/up.ts')).up(options, shell, out)
  },
})
