/**
 * A configuration of HAProxy (2.6 or newer) for gateways, as text to be read: every setting that is not plain says why it is there.
 * @module
 */
import { problemTypes, type ProblemName } from '../../gateway/index.ts'
import { endpointText, isOpenToOthers, type BalancerOptions, type Endpoint, type TlsOptions } from './options.ts'

/** The whole file. */
export function configuration(options: BalancerOptions): string {
  const sections = [
    `# HAProxy for ${options.gateways.length} ${options.gateways.length === 1 ? 'gateway' : 'gateways'} of Veltrix, made by "veltrix haproxy".\n` +
      '# Make it again rather than change it; check it with: haproxy -c -f <this file>',
    globalSection(options),
    defaultsSection(options),
    frontend(options),
    backend(options),
    ...(options.stats === undefined ? [] : [statistics(options.stats)]),
  ]
  return `${sections.join('\n\n')}\n`
}

function globalSection({ socket, user, maxConnections, tls }: BalancerOptions): string {
  return `global
  # One process that stays and starts the working one: SIGUSR2 to it reloads this file.
  master-worker
  # By it a new process gets the listening sockets from the old one, so a reload refuses nobody.
  stats socket ${socket} mode 600 level admin expose-fd listeners
  # An old process answers what it has, and then goes; connections that are idle by then are closed.
  hard-stop-after 90s
${user === undefined ? '  # Start it as another user than root, or say which with --user.' : `  user ${user.name}\n  group ${user.group}`}
  log stdout format raw local0
${connectionLimit(maxConnections)}
  # A request that fits in here is kept until it is answered, and can be sent to another gateway. Twice what a gateway takes of
  # headers (16 KiB), so that one with more is refused there, with a problem that says so.
  tune.bufsize 32768
  tune.maxrewrite 2048${tls === undefined ? '' : tlsGlobals}`
}

/** Two descriptors are needed for each connection. A number that was asked for is kept, or HAProxy does not start. */
function connectionLimit(maxConnections: number | undefined): string {
  if (maxConnections !== undefined) return `  maxconn ${maxConnections}`
  return `  # About 10,000 connections, or as many as the system's limit of open files lets be.
  fd-hard-limit 20100`
}

const tlsGlobals = `
  ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets
  ssl-default-bind-ciphers ECDHE+AESGCM:ECDHE+CHACHA20`

function defaultsSection({ answerTimeoutMs }: BalancerOptions): string {
  return `defaults
  mode http
  log global
  option httplog
  # What went well is in the metrics.
  option dontlog-normal
  option http-keep-alive
  # All headers, and as much of the body as fits in a buffer: a slow sender waits here and not at a gateway.
  timeout http-request 10s
  # Between two requests of a client. Longer than the 72 s that gateways promise (Keep-Alive), so that a client goes first.
  timeout http-keep-alive 75s
  timeout client 30s
  timeout connect 2s
  # For a place at a gateway. Who waits longer is told to come back, as waiting would only pile up.
  timeout queue 1s
  # For the answer of a gateway. One that hangs gives none: what it has goes to another then.
  timeout server ${answerTimeoutMs}ms
  timeout check 2s
  # What HAProxy answers itself has the form of what a gateway answers, but for what does not become a request.
${ownAnswers.map(({ status, problem, detail }) => httpError(status, problem, detail)).join('\n')}`
}

const ownAnswers: readonly { readonly status: number; readonly problem: ProblemName; readonly detail: string }[] = [
  { status: 400, problem: 'request-malformed', detail: 'The request is not taken, and the connection is closed.' },
  {
    status: 403,
    problem: 'request-malformed',
    detail: 'A header or the certificate has characters that are not taken.',
  },
  { status: 408, problem: 'request-timeout', detail: 'Send the request sooner after its connection.' },
  { status: 502, problem: 'outcome-unknown', detail: 'A gateway failed: send it again with the same id.' },
  { status: 503, problem: 'overloaded', detail: 'No gateway has room: send it again later.' },
  { status: 504, problem: 'outcome-unknown', detail: 'A gateway gave no answer: send it again with the same id.' },
]

function httpError(status: number, name: ProblemName, detail: string): string {
  const body = JSON.stringify({ type: `urn:veltrix:problem:${name}`, title: problemTypes[name].title, status, detail })
  const later = status >= 500 ? ' hdr Retry-After 1' : ''
  return `  http-error status ${status} content-type application/problem+json string '${body}'${later}`
}

function frontend({ listen, tls }: BalancerOptions): string {
  const lines = [
    'frontend events',
    `  bind ${endpointText(listen)}${tls === undefined ? '' : bindTls(tls)}`,
    '  # During a reload a connection is closed with an answer and never while its client may be sending.',
    '  option idle-close-on-response',
    '  # Names of headers are letters, digits and hyphens: X_SSL_Client_CN must not pass for X-SSL-Client-CN further on.',
    '  option http-restrict-req-hdr-names reject',
    '  option http-buffer-request',
    ...forwarded(listen, tls),
    '  # A plain event without an id gets one here, as the gateway would give it: only what has an id may be sent twice.',
    '  http-request set-header Idempotency-Key %[uuid()] if METH_POST !{ path /events } !{ req.hdr(Idempotency-Key) -m found }',
    '  default_backend gateways',
  ]
  return lines.join('\n')
}

function bindTls({ certificate, clientCa, clientVerify }: TlsOptions): string {
  const clients = clientCa === undefined ? '' : ` ca-file ${word(clientCa)} verify ${clientVerify}`
  return ` ssl crt ${word(certificate)} alpn h2,http/1.1${clients}`
}

/** Paths have no quotes (see options.ts). */
function word(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path}'`
}

/** Headers that say who calls: a client's own are worth nothing. */
function forwarded(listen: Endpoint, tls: TlsOptions | undefined): readonly string[] {
  return [
    '  # Who calls is said by HAProxy alone.',
    '  http-request del-header forwarded',
    '  http-request del-header x-forwarded- -m beg',
    '  http-request del-header x-ssl- -m beg',
    '  option forwardfor',
    `  http-request set-header X-Forwarded-Proto ${tls === undefined ? 'http' : 'https'}`,
    ...(isOpenToOthers(listen) ? hiddenHost : []),
    ...(tls?.clientCa === undefined ? [] : clientCertificate),
  ]
}

/**
 * A gateway without access rules answers whoever calls it by a loopback name. It cannot tell such a request of its own machine from one
 * that came through here.
 */
const hiddenHost = [
  '  # A gateway without access rules is for its own machine, which it knows by the name it is called. From here others could write that name.',
  '  http-request set-header X-Forwarded-Host %[req.hdr(Host)]',
  '  http-request set-header Host gateway.invalid',
]

const clientCertificate = [
  '  # Only where there is a certificate: its verification is 0 (good) also where there is none.',
  '  http-request deny deny_status 403 if { ssl_c_used } { ssl_c_s_dn(CN) -m reg [[:cntrl:]] }',
  '  http-request set-header X-SSL-Client-Verify %[ssl_c_verify] if { ssl_c_used }',
  '  http-request set-header X-SSL-Client-DN %[ssl_c_s_dn(,0,rfc2253)] if { ssl_c_used }',
  '  http-request set-header X-SSL-Client-CN %[ssl_c_s_dn(CN)] if { ssl_c_used }',
  '  http-request set-header X-SSL-Client-SHA1 %[ssl_c_sha1,hex] if { ssl_c_used }',
]

function backend({ gateways, checkIntervalMs, maxPerGateway }: BalancerOptions): string {
  const servers = gateways.map((each, index) => `  server gateway${index + 1} ${endpointText(each)}`)
  return `backend gateways
  # The one with the fewest requests. Gateways have no state, so nobody is kept at one.
  balance leastconn
  http-reuse always
  option httpchk
  http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host localhost
  # A gateway that answers but is not ready (it drains) gets nothing new from the first check on, and finishes what it has.
  http-check expect error-status L7OKC status 200
  # Every request may be sent again when a gateway gave no answer: an event is known by its source and id, and a repeat gets the
  # first answer. A 503 is an answer: sending it elsewhere would add to the load it tells of.
  retries 5
  option redispatch 1
  retry-on conn-failure empty-response response-timeout
  # - What a gateway has that does not answer its checks is not cut off: some of it may be at another already, and would be cut off there.
  # - Three connections refused in a row are enough: the fewest requests are at the one that is dead.
  # - maxconn is more than a gateway usually has: it knows the lanes and refuses by them, while the queue here does not.
  default-server check inter ${checkIntervalMs}ms fastinter ${Math.max(1, Math.ceil(checkIntervalMs / 4))}ms fall 3 rise 2
  default-server observe layer4 error-limit 3 on-error mark-down slowstart 10s maxconn ${maxPerGateway}
${servers.join('\n')}`
}

function statistics(stats: Endpoint): string {
  return `frontend statistics
  bind ${endpointText(stats)}
  maxconn 20
  http-request use-service prometheus-exporter if { path /metrics }
  stats enable
  stats uri /
  stats refresh 10s
  stats hide-version`
}
