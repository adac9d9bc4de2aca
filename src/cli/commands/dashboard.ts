/**
 * `veltrix dashboard`
 * @module
 */
import { appArg, command } from '../command.ts'

export const dashboard = command({
  summary: 'Show the app in a browser: lanes, events, dead letters, topics; and act on them.',
  details: [
    'Serves one page with everything the log of the app knows, wherever the app itself runs: "veltrix dev" shows its own process in the same way, and more of it (waiting times, running handlers, pause). The address has a token behind "#": whoever has it may do everything, until the command ends.',
    '--access names a file that says who may do what, as of "veltrix gateway", with the verbs read, read-payload, redrive, publish and pause; docs/reference/dashboard.md has more. Without it the dashboard listens on loopback addresses only. --read-only changes nothing, whoever asks.',
    'Each act (publish, redrive, discard, pause, mark) is a line on stderr, with who did it.',
    'SIGINT and SIGTERM end it, exit 0.',
  ],
  args: {
    host: { type: 'string', valueHint: 'address', default: '127.0.0.1', description: 'Where to listen' },
    port: { type: 'string', valueHint: 'number', default: '4681', description: '0 takes a free one' },
    access: {
      type: 'string',
      valueHint: 'file',
      description: 'Who may do what (default: who has the token, on loopback only)',
    },
    'read-only': { type: 'boolean', description: 'Change nothing' },
    'trace-url': {
      type: 'string',
      valueHint: 'url',
      description: 'Where a trace can be seen, with {traceId} in it',
    },
    ...appArg,
  },
  examples: [
    ['veltrix dashboard', 'On 127.0.0.1:4681'],
    [
      'veltrix dashboard --port 0 --json',
      'On a free port; the first line says where: {"listening":"http://127.0.0.1:43210/#token=…"}',
    ],
    ['veltrix dashboard --read-only', 'To look, and touch nothing'],
    ['veltrix dashboard --host 0.0.0.0 --access veltrix.access.ts', 'For others too, who show who they are'],
    ["veltrix dashboard --trace-url 'https://traces.example/{traceId}'", 'With links to traces'],
  ],
  async run({ args, shell, out }) {
    const [{ wholeNumber }, { withApp }, { serve }, { accessIn }, { placeOf }] = await Promise.all([
      import('../values.ts'),
      import('../with-app.ts'),
      import('../dashboard/serve.ts'),
      import('../gateway/access-file.ts'),
      import('../place.ts'),
    ])
    const port = wholeNumber('port', args.port, { min: 0, max: 65_535 })!
    const access = args.access === undefined ? undefined : await accessIn(args.access, shell)
    return withApp(args.app, shell, (loaded) =>
      serve(
        loaded,
        {
          host: args.host,
          port,
          access,
          readOnly: args['read-only'],
          traceUrl: args['trace-url'],
          place: placeOf(loaded.config, shell.cwd),
        },
        shell,
        out,
      ),
    )
  },
})
