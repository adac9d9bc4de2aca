/**
 * What a configuration of HAProxy is made from, checked: what is taken here is accepted by HAProxy, and stands where it was meant.
 * @module
 */
import { isIP } from 'node:net'
import { isAbsolute } from 'node:path'
import { UsageInvalid } from '../errors.ts'

export interface Endpoint {
  /** A name, an address (IPv6 without brackets), or `*` for every address of the machine. */
  readonly host: string
  readonly port: number
}

export interface BalancerOptions {
  readonly gateways: readonly Endpoint[]
  readonly listen: Endpoint
  readonly tls?: TlsOptions
  /** Where the statistics page and the metrics are. */
  readonly stats?: Endpoint
  /** Path of the socket by which a new process takes the listening sockets over from the old one. */
  readonly socket: string
  /** Who HAProxy becomes when it is started by root. */
  readonly user?: UserOptions
  /** Between two health checks of a gateway, milliseconds. */
  readonly checkIntervalMs: number
  /** For the answer of a gateway, milliseconds; then the request goes to another. */
  readonly answerTimeoutMs: number
  /** Connections of clients at once; without it 10,000, or fewer where the system allows fewer. */
  readonly maxConnections?: number | undefined
  /** Requests at once at one gateway; more wait here. */
  readonly maxPerGateway: number
}

export interface UserOptions {
  readonly name: string
  readonly group: string
}

export interface TlsOptions {
  /** Path of a file with the certificate, what is between it and its root, and the key. */
  readonly certificate: string
  /** Path of the authorities whose client certificates are taken. */
  readonly clientCa?: string
  readonly clientVerify: 'required' | 'optional'
}

/** Flags as they were written. */
export interface BalancerFlags {
  readonly gateways: readonly string[]
  readonly listen: string
  readonly tls: string | undefined
  readonly clientCa: string | undefined
  readonly clientVerify: string | undefined
  readonly stats: string | undefined
  readonly socket: string
  readonly user: string | undefined
}

/** @throws UsageInvalid */
export function balancerOptions(
  flags: BalancerFlags,
  limits: Pick<BalancerOptions, 'checkIntervalMs' | 'answerTimeoutMs' | 'maxConnections' | 'maxPerGateway'>,
): BalancerOptions {
  const gateways = flags.gateways.flatMap((list) => list.split(',')).map((text) => endpoint('gateway', text.trim()))
  const listen = endpoint('listen', flags.listen, true)
  const stats = flags.stats === undefined ? undefined : endpoint('stats', flags.stats, true)
  refuseSameTwice(gateways, listen, stats)
  const tls = tlsOptions(flags)
  return {
    ...limits,
    gateways,
    listen,
    socket: socketPath(flags.socket),
    ...(tls === undefined ? {} : { tls }),
    ...(stats === undefined ? {} : { stats }),
    ...(flags.user === undefined ? {} : { user: userName(flags.user) }),
  }
}

/** As it is written for HAProxy and for people: `[::1]:4680`. */
export function endpointText({ host, port }: Endpoint): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`
}

/** Whether more than this machine can reach it. */
export function isOpenToOthers({ host }: Endpoint): boolean {
  return !(host.toLowerCase() === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.')))
}

const hostName = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\.?$/i

/** `host:port`, `[v6]:port`; to listen at also `:port` and `*:port`. */
function endpoint(flag: string, text: string, isListening = false): Endpoint {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  const host = plain === '' && isListening ? '*' : (bracketed ?? plain ?? '')
  const isHost =
    bracketed === undefined
      ? // Digits and dots are an address or nothing: HAProxy would look it up as a name.
        (isListening && host === '*') || (/^[\d.]+$/.test(host) ? isIP(host) === 4 : hostName.test(host))
      : isIP(host) === 6 && !host.includes('%')
  if (isHost && port >= 1 && port <= 65_535) return { host, port }
  const hint = text.includes('://') ? ' It is not a URL.' : ''
  throw new UsageInvalid(
    `--${flag} cannot be ${JSON.stringify(text)}: give host:port, such as 127.0.0.1:4680 or [::1]:4680.${hint}`,
  )
}

function refuseSameTwice(gateways: readonly Endpoint[], listen: Endpoint, stats: Endpoint | undefined): void {
  const all = [
    ...gateways.map((each) => ['--gateway', endpointText(each)] as const),
    ['--listen', endpointText(listen)] as const,
    ...(stats === undefined ? [] : [['--stats', endpointText(stats)] as const]),
  ]
  const seen = new Map<string, string>()
  for (const [flag, text] of all) {
    const other = seen.get(text)
    if (other === flag) throw new UsageInvalid(`${flag} ${text} is there twice.`)
    if (other !== undefined) throw new UsageInvalid(`${flag} and ${other} cannot both be ${text}.`)
    seen.set(text, flag)
  }
}

function tlsOptions({ tls, clientCa, clientVerify }: BalancerFlags): TlsOptions | undefined {
  if (clientVerify !== undefined && clientCa === undefined)
    throw new UsageInvalid('--client-verify needs --client-ca: the authorities whose certificates are taken.')
  if (tls === undefined) {
    if (clientCa === undefined) return undefined
    throw new UsageInvalid('--client-ca needs --tls: certificates of clients come with TLS only.')
  }
  return {
    certificate: fullPath('tls', tls),
    ...(clientCa === undefined ? {} : { clientCa: fullPath('client-ca', clientCa) }),
    clientVerify: clientVerify === 'optional' ? 'optional' : 'required',
  }
}

/** HAProxy has no way to write these within a word, or another meaning for them. */
const unwritable = /[\p{Cc}'"\\]/u

function fullPath(flag: string, path: string): string {
  if (!isAbsolute(path))
    throw new UsageInvalid(
      `--${flag} cannot be ${JSON.stringify(path)}: give the full path, as HAProxy starts in another directory.`,
    )
  if (unwritable.test(path))
    throw new UsageInvalid(`--${flag} cannot be ${JSON.stringify(path)}: quotes and backslashes cannot be written.`)
  return path
}

/** Bytes of the name of a socket that HAProxy takes: it binds under a longer one first. */
const maxSocketPath = 90

function socketPath(path: string): string {
  const full = fullPath('socket', path)
  // A comma, a colon or an at sign begins something else in an address of HAProxy.
  if (!/[,:@\s]/.test(full) && Buffer.byteLength(full) <= maxSocketPath) return full
  throw new UsageInvalid(
    `--socket cannot be ${JSON.stringify(path)}: give a path of up to ${maxSocketPath} bytes without spaces, commas, colons and @.`,
  )
}

const systemName = /^[a-z_][a-z0-9_-]{0,31}$/

/** `haproxy`, `nobody:nogroup`. Without a group of its own a process keeps the one of root. */
function userName(text: string): UserOptions {
  const [name = '', group = name, ...more] = text.split(':')
  if (systemName.test(name) && systemName.test(group) && more.length === 0) return { name, group }
  throw new UsageInvalid(`--user cannot be ${JSON.stringify(text)}: give a user of the system, or user:group.`)
}
