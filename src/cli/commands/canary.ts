/**
 * `veltrix canary`
 * @module
 */
import { appArg, command } from '../command.ts'

export const canary = command({
  summary: 'Publish a probe to every lane and partition, read it back, and count: availability, loss, latency.',
  details: [
    "Probes go to topics of their own, <app>._canary.<lane>, with as many partitions and copies as the streams' topics; they are made when missing, keep 10 minutes, and --remove removes them. No event, topic or group of the app is touched. Each partition gets a probe every --interval; while one is not answered the next is not sent, and counts as skipped.",
    'Available is what was acknowledged of all probes that were due. An acknowledged probe that is not read within --lost-after is lost; it is late when it comes after all, and missing when it never does. An outage is counted and survived.',
    'On Kafka the topics have LogAppendTime, so that each probe also brackets the clock of the broker that stored it: the difference to the clock of this machine, as exactly as the round trip is short.',
    'Ctrl-C or SIGTERM ends it with a summary and exit code 0. With --for it ends by itself, with 10 when more than --max-loss of the probes were not acknowledged or are missing.',
  ],
  args: {
    lane: { type: 'string', description: 'Only this lane; may be repeated (default: all)' },
    interval: {
      type: 'string',
      valueHint: 'duration',
      default: '1s',
      description: 'Between two probes of a partition',
    },
    'lost-after': { type: 'string', valueHint: 'duration', default: '30s', description: 'Acknowledged and not read' },
    for: { type: 'string', valueHint: 'duration', description: 'End after this time, with a verdict' },
    'max-loss': {
      type: 'string',
      valueHint: 'percent',
      default: '0%',
      description: 'What the verdict of --for allows',
    },
    report: {
      type: 'string',
      valueHint: 'duration',
      description: 'Between two reports (default: 1s on a terminal, else 10s)',
    },
    'metrics-port': {
      type: 'string',
      valueHint: 'port',
      description: 'Serve /metrics for Prometheus on 127.0.0.1; 0 takes a free port',
    },
    remove: { type: 'boolean', description: "Remove the canary's topics, and do nothing else" },
    ...appArg,
  },
  examples: [
    ['veltrix canary', 'Until Ctrl-C, with a live table'],
    ['veltrix canary --for 30s --max-loss 0.1%', 'In a pipeline: exit code 10 when it is worse'],
    ['veltrix canary --metrics-port 9465', 'For Prometheus: http://127.0.0.1:9465/metrics'],
    ['veltrix canary --json', 'A line for each report: {"lanes":[…],"partitions":[…],"clocks":[…]}'],
    ['veltrix canary --remove', 'Remove the topics of the probes'],
  ],
  async run({ args, every, shell, out }) {
    const [{ runCanary, removeCanary }, { duration, share, wholeNumber }] = await Promise.all([
      import('../canary/run.ts'),
      import('../values.ts'),
    ])
    if (args.remove === true) return removeCanary(args.app, shell, out)
    const isLive = shell.stdout.isTTY === true && !out.json
    return runCanary(
      args.app,
      {
        lanes: every('lane'),
        intervalMs: duration('interval', args.interval, 10)!,
        lostAfterMs: duration('lost-after', args['lost-after'], 100)!,
        forMs: duration('for', args.for, 100),
        maxLoss: share('max-loss', args['max-loss'])!,
        reportMs: duration('report', args.report, 100) ?? (isLive ? 1_000 : 10_000),
        metricsPort: wholeNumber('metrics-port', args['metrics-port'], { min: 0, max: 65_535 }),
      },
      shell,
      out,
    )
  },
})
