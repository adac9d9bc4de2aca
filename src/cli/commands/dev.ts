/**
 * `veltrix dev`
 * @module
 */
import { command } from '../command.ts'
import { UsageInvalid } from '../errors.ts'
import { measuringArgs } from '../measured.ts'
import type { SessionOptions } from '../dev/session.ts'
import type { Shell } from '../shell.ts'

export const dev = command({
  summary: 'Run the app on its log, with a live view.',
  details: [
    'Loads the app module, starts every subscription, and shows each lane: published and handled per second, waiting time from publish to handler start (p50, p99), lag, keys waiting for a repeated attempt, dead letters. On a terminal the view is redrawn in place; otherwise, and with --plain or NO_COLOR, it is one line per interval; with --json one JSON snapshot per line.',
    'SIGINT and SIGTERM drain: nothing new is taken, running handlers finish, positions are committed, exit 0. A second signal leaves at once.',
    'With --kafka the same app, unchanged, runs on a Kafka cluster: the one that "veltrix cluster up" started here, or three brokers that are started for this run and end with it (Java 17 and Maven, or Docker). --brokers names any other cluster. Kafka needs the package @platformatic/kafka.',
    'Events are taken over HTTP too, as by "veltrix gateway": on 127.0.0.1:4680, or on a free port where that is taken. The view, the snapshots and the summary say where.',
    'It is shown in a browser too, as by "veltrix dashboard": on 127.0.0.1:4681, or on a free port. The address has the token that lets in.',
    'When the module exports `scenario` besides its app, its traffic runs too, and what it checked is part of the summary.',
  ],
  args: {
    app: {
      type: 'positional',
      required: false,
      description: 'The app module, or a directory with veltrix.app.ts or veltrix.config.ts (default: the current one)',
    },
    for: {
      type: 'string',
      valueHint: 'duration',
      description: 'Stop after this long; with --json print one summary object',
    },
    subscription: {
      type: 'string',
      alias: 's',
      valueHint: 'name',
      description: 'Run only this subscription; may be given several times',
    },
    interval: { type: 'string', valueHint: 'duration', description: 'Between two lines or snapshots', default: '1s' },
    plain: { type: 'boolean', description: 'Lines instead of the view redrawn in place' },
    scenario: {
      type: 'boolean',
      default: true,
      description: 'Run the scenario of the module',
      negativeDescription: 'Leave the scenario of the module out',
    },
    kafka: {
      type: 'boolean',
      description: 'On Kafka instead of the log of the typed file: the cluster that is up here, or one for this run',
    },
    brokers: { type: 'string', valueHint: 'host:port', description: 'On this Kafka cluster; several, with commas' },
    gateway: {
      type: 'boolean',
      default: true,
      description: 'Take events over HTTP',
      negativeDescription: 'Take no events over HTTP',
    },
    port: {
      type: 'string',
      valueHint: 'number',
      description: 'Of the gateway; taken, it is an error. 0 takes a free one (default: 4680)',
    },
    dashboard: {
      type: 'boolean',
      default: true,
      description: 'Show it in a browser',
      negativeDescription: 'Show it in no browser',
    },
    'dashboard-port': {
      type: 'string',
      valueHint: 'number',
      description: 'Of the dashboard; taken, it is an error. 0 takes a free one (default: 4681)',
    },
    ...measuringArgs,
    settle: {
      type: 'string',
      valueHint: 'duration',
      default: '60s',
      description: 'At the end, how long what the scenario published may take to come to its end',
    },
  },
  examples: [
    ['veltrix dev', 'The app in this directory, until Ctrl-C'],
    ['veltrix dev examples/checkout --for 10s --json', 'Ten seconds, then one summary object on stdout'],
    ['veltrix dev --kafka', 'The same on a real Kafka cluster'],
    ['veltrix dev --brokers kafka-1:9092,kafka-2:9092', 'On a cluster that runs elsewhere'],
    ['veltrix dev --metrics 9464 --otlp http://127.0.0.1:4318', 'Measured, for Prometheus and a collector'],
    ['veltrix dev -s billing -s mailer --plain', 'Two subscriptions, plain lines'],
  ],
  async run({ args, every, shell, out }) {
    const [{ duration, oneOf, wholeNumber }, { loadApp }, { runSession }, { didYouMean }, { measured }] =
      await Promise.all([
        import('../values.ts'),
        import('../app-module.ts'),
        import('../dev/session.ts'),
        import('../suggestion.ts'),
        import('../measured.ts'),
      ])
    const forMs = duration('for', args.for, 1)
    const settleMs = duration('settle', args.settle)!
    const intervalMs = duration('interval', args.interval, 50)!
    const port = wholeNumber('port', args.port, { min: 0, max: 65_535 })
    if (port !== undefined && !args.gateway) throw new UsageInvalid('--port is of the gateway: leave out --no-gateway.')
    const dashboardPort = wholeNumber('dashboard-port', args['dashboard-port'], { min: 0, max: 65_535 })
    if (dashboardPort !== undefined && !args.dashboard) {
      throw new UsageInvalid('--dashboard-port is of the dashboard: leave out --no-dashboard.')
    }
    const loaded = await loadApp(args.app, shell, 'app')
    const known = [...loaded.config.subscriptions.keys()]
    const names = every('subscription').map((name) =>
      oneOf(
        'subscription',
        name,
        known,
        didYouMean(name, known, (found) => `"${found}"`),
      ),
    )
    if (!loaded.hasHandlers) out.note('The module is only a typed file: nothing is handled, the log can be used.')
    const on =
      args.kafka || args.brokers !== undefined
        ? await (await import('../dev/kafka.ts')).onKafka(loaded, args.brokers, shell, out)
        : undefined
    if (on === 'interrupted') return 0
    const live = !args.plain && !out.json && isScreen(shell)
    const ran = on?.loaded ?? loaded
    const session: SessionOptions = {
      loaded: ran,
      place: on?.place,
      shell,
      out,
      forMs,
      settleMs,
      // A terminal can be read four times a second; lines in a file cannot.
      intervalMs: live && every('interval').length === 0 ? 250 : intervalMs,
      live,
      scenario: args.scenario ? loaded.scenario : undefined,
      gateway: args.gateway ? { port } : false,
      dashboard: args.dashboard ? { port: dashboardPort } : false,
      subscriptions: names.length > 0 ? names : loaded.hasHandlers ? undefined : [],
    }
    const system = on === undefined ? undefined : 'kafka'
    // A line between two frames would stay in the picture.
    const how = { flags: args, system, failed: live ? () => {} : undefined }
    return measured(ran, how, out, () => runSession(session)).finally(() => on?.close())
  },
})

/** NO_COLOR asks for plain output as a whole: no colour, and no cursor movements either. */
function isScreen({ stdout, env }: Shell): boolean {
  return stdout.isTTY === true && env['TERM'] !== 'dumb' && !env['NO_COLOR']
}
