/**
 * `veltrix health`
 * @module
 */
import { appArg, command } from '../command.ts'

export const health = command({
  summary: 'One verdict, quickly: whether the app can work.',
  details: [
    'Looks whether the log answers, on Kafka whether every broker does, partitions have leaders and all their copies are in sync, whether events wait that no worker takes, and at what flags ask for: lag by lane, gateways. It changes nothing. "veltrix doctor" looks longer, and at more.',
    'Exit code 0 when all is well, 10 when something is not, also when the log cannot be reached. With --exit-when-healthy it looks again until all is well (0) or --timeout is over (10): for scripts that deploy.',
  ],
  args: {
    watch: { type: 'boolean', alias: 'w', description: 'Look again and again, until Ctrl-C' },
    'exit-when-healthy': { type: 'boolean', description: 'Look again until all is well; with or without --watch' },
    timeout: {
      type: 'string',
      valueHint: 'duration',
      default: '60s',
      description: 'How long --exit-when-healthy waits',
    },
    interval: { type: 'string', valueHint: 'duration', default: '2s', description: 'Between two looks' },
    'max-lag': {
      type: 'string',
      valueHint: 'lane=duration',
      description: 'Oldest event of a lane that is not done, at most; may be repeated',
    },
    gateway: { type: 'string', valueHint: 'url', description: 'A gateway whose /readyz must be 200; may be repeated' },
    ...appArg,
  },
  examples: [
    ['veltrix health', 'One look'],
    ['veltrix health --watch --exit-when-healthy --timeout 5m', 'After a deploy: go on when all is well'],
    ['veltrix health --max-lag critical=5s --max-lag bulk=1h', 'Urgent events must be on time'],
    ['veltrix health --gateway http://10.0.0.4:4680', 'A gateway, too'],
    ['veltrix health --json', '{"healthy":false,"checks":[{"check","healthy","says","mend"}],"tookMs",…}'],
  ],
  async run({ args, every, shell, out }) {
    const [{ showHealth }, { maxLags, gatewayUrls }, { duration }] = await Promise.all([
      import('../health/show.ts'),
      import('../health/arguments.ts'),
      import('../values.ts'),
    ])
    const wanted = { maxLagMs: maxLags(every('max-lag')), gateways: gatewayUrls(every('gateway')) }
    const again = {
      watch: args.watch === true,
      exitWhenHealthy: args['exit-when-healthy'] === true,
      timeoutMs: duration('timeout', args.timeout)!,
      intervalMs: duration('interval', args.interval, 50)!,
    }
    return showHealth(args.app, wanted, again, shell, out)
  },
})
