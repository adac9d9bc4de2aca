/**
 * `veltrix gateway`
 * @module
 */
import { appArg, command } from '../command.ts'
import { measuringArgs } from '../measured.ts'

export const gateway = command({
  summary: 'Take events over HTTP, as CloudEvents or plain JSON, into the log of the app.',
  details: [
    'POST /events takes CloudEvents 1.0 in binary, structured and batched mode, POST /events/{type} plain JSON; GET /events/types lists types with their JSON Schemas. The answer 202 means that the event is durable. Refusals are problem details (RFC 9457).',
    '--access names a file that says who may do what: TypeScript, JavaScript (its default export) or JSON; docs/reference/gateway.md has its form. Without it nobody is asked, and the gateway listens on loopback addresses only.',
    'SIGINT and SIGTERM: /readyz answers 503, after --drain-delay no more connections are taken, what is under way is answered, exit 0. A second signal leaves at once.',
  ],
  args: {
    host: { type: 'string', valueHint: 'address', default: '127.0.0.1', description: 'Where to listen' },
    port: { type: 'string', valueHint: 'number', default: '4680', description: '0 takes a free one' },
    access: { type: 'string', valueHint: 'file', description: 'Who may do what (default: all, on loopback only)' },
    'drain-delay': {
      type: 'string',
      valueHint: 'duration',
      default: '0s',
      description: 'How long a balancer is given to see that /readyz answers 503',
    },
    ...measuringArgs,
    ...appArg,
  },
  examples: [
    ['veltrix gateway', 'On 127.0.0.1:4680'],
    [
      'veltrix gateway --port 0 --json',
      'On a free port; the first line says which: {"listening":"http://127.0.0.1:43210"}',
    ],
    ['veltrix gateway --host 0.0.0.0 --access veltrix.access.ts', 'For others too, who show who they are'],
    ['veltrix gateway --metrics 9464', 'With a page for Prometheus on 127.0.0.1:9464'],
    ['veltrix gateway --drain-delay 5s', 'Behind a balancer that looks at /readyz every few seconds'],
  ],
  async run({ args, shell, out }) {
    const [{ duration, wholeNumber }, { withApp }, { serve }, { accessIn }, { measured }] = await Promise.all([
      import('../values.ts'),
      import('../with-app.ts'),
      import('../gateway/serve.ts'),
      import('../gateway/access-file.ts'),
      import('../measured.ts'),
    ])
    const port = wholeNumber('port', args.port, { min: 0, max: 65_535 })!
    const drainDelayMs = duration('drain-delay', args['drain-delay'])!
    const access = args.access === undefined ? undefined : await accessIn(args.access, shell)
    const options = { host: args.host, port, access, drainDelayMs }
    return withApp(args.app, shell, (loaded) =>
      measured(loaded, { flags: args }, out, () => serve(loaded, options, shell, out)),
    )
  },
})
