/**
 * `veltrix haproxy`
 * @module
 */
import { command } from '../command.ts'

export const haproxy = command({
  summary: 'Print a configuration of HAProxy for several gateways.',
  details: [
    'For HAProxy 2.6 or newer: health checks on /readyz, the fewest requests first, requests of a dead or hung gateway sent to another, time-outs, limits, X-Forwarded-For, reload without a refused connection. The file says why each setting is there.',
    'With --client-ca it asks clients for certificates, and tells gateways of a good one: X-SSL-Client-Verify (0), X-SSL-Client-DN (RFC 2253), X-SSL-Client-CN, X-SSL-Client-SHA1 (hexadecimal). These headers never come from a client.',
    'Nothing is read or started; names of hosts are looked up by HAProxy when it starts.',
  ],
  args: {
    gateway: {
      type: 'string',
      required: true,
      valueHint: 'host:port',
      description: 'A gateway; repeat it, or separate several by commas',
    },
    listen: { type: 'string', valueHint: 'host:port', default: '127.0.0.1:8080', description: 'Where clients connect' },
    tls: {
      type: 'string',
      valueHint: 'pem',
      description: 'Speak TLS (HTTP/2 too): full path of the certificate, its chain and its key in one file',
    },
    'client-ca': {
      type: 'string',
      valueHint: 'pem',
      description: 'Take certificates of clients by these authorities: full path',
    },
    'client-verify': {
      type: 'enum',
      options: ['required', 'optional'],
      description: 'Whether a client must have a certificate (default: required)',
    },
    stats: {
      type: 'string',
      valueHint: 'host:port',
      description: 'Where the statistics page (/) and Prometheus metrics (/metrics) are, for whoever reaches it',
    },
    socket: {
      type: 'string',
      valueHint: 'path',
      default: '/run/haproxy/admin.sock',
      description: 'By which a reloaded HAProxy takes over',
    },
    user: { type: 'string', valueHint: 'name[:group]', description: 'Who HAProxy becomes when root starts it' },
    'check-interval': {
      type: 'string',
      valueHint: 'duration',
      default: '2s',
      description: 'Between two health checks; the --drain-delay of the gateways must be longer',
    },
    'answer-timeout': {
      type: 'string',
      valueHint: 'duration',
      default: '15s',
      description: 'For the answer of a gateway; then the request goes to another',
    },
    'max-connections': {
      type: 'string',
      valueHint: 'number',
      description: 'Connections of clients at once (default: 10000, or fewer where the limit of open files is lower)',
    },
    'max-per-gateway': {
      type: 'string',
      valueHint: 'number',
      default: '5000',
      description: 'Requests at once at one gateway; more wait up to 1 s',
    },
  },
  examples: [
    [
      'veltrix haproxy --gateway 127.0.0.1:4681,127.0.0.1:4682,127.0.0.1:4683 > haproxy.cfg',
      'Three gateways on this machine, for clients on it',
    ],
    [
      'veltrix haproxy --gateway a.internal:4680 --gateway b.internal:4680 --listen :443 --tls /etc/haproxy/events.pem --user haproxy --stats 127.0.0.1:8404',
      'For everybody, with TLS, statistics and metrics',
    ],
    [
      'veltrix haproxy --gateway a.internal:4680 --listen :443 --tls /etc/haproxy/events.pem --client-ca /etc/haproxy/clients.pem --client-verify optional',
      'Clients may show a certificate',
    ],
  ],
  async run({ args, every, out }) {
    const [{ duration, wholeNumber }, { balancerOptions, isOpenToOthers }, { configuration }] = await Promise.all([
      import('../values.ts'),
      import('../haproxy/options.ts'),
      import('../haproxy/configuration.ts'),
    ])
    const options = balancerOptions(
      {
        gateways: every('gateway'),
        listen: args.listen,
        tls: args.tls,
        clientCa: args['client-ca'],
        clientVerify: args['client-verify'],
        stats: args.stats,
        socket: args.socket,
        user: args.user,
      },
      {
        checkIntervalMs: duration('check-interval', args['check-interval'], 100)!,
        answerTimeoutMs: duration('answer-timeout', args['answer-timeout'], 1_000)!,
        maxConnections: wholeNumber('max-connections', args['max-connections'], { min: 1, max: 1_000_000 }),
        maxPerGateway: wholeNumber('max-per-gateway', args['max-per-gateway'], { min: 1, max: 1_000_000 })!,
      },
    )
    const text = configuration(options)
    if (out.json) await out.result({ configuration: text })
    else await out.lines(text.trimEnd())
    if (options.tls === undefined && isOpenToOthers(options.listen))
      out.warn('Clients speak to --listen in clear, and others may reach it: --tls encrypts.')
  },
})
