/**
 * Where the log is, as far as the typed file knows, and the gateway.
 * @module
 */
import type { CompiledConfig } from '../config/index.ts'
import type { Transport } from '../transport/index.ts'
import type { Json } from './parts.ts'

export interface Servers {
  readonly servers: Readonly<Record<string, Json>>
  /** Names of those that have the topics. A channel that named none would be on all, the gateway too. */
  readonly ofLog: readonly string[]
}

export function serversOf({ transport }: CompiledConfig, gateway: URL): Servers {
  const log = logServers(transport)
  const { protocol, host, pathname } = gateway
  const http = {
    host,
    ...(pathname === '/' ? {} : { pathname }),
    protocol: protocol.replace(':', ''),
    description: 'veltrix gateway: events over HTTP. Its own description is at /openapi.json.',
  }
  return { servers: { ...log, gateway: http }, ofLog: Object.keys(log) }
}

function logServers(transport: Transport | 'embedded'): Readonly<Record<string, Json>> {
  if (transport === 'embedded' || transport.name === 'embedded') {
    const description =
      'The embedded log: a directory on the machine of the application. Others publish through the gateway.'
    return { log: { host: 'localhost', protocol: 'veltrix-embedded', description } }
  }
  const { name, servers = [] } = transport
  if (servers.length === 0) {
    const description = 'The log of the application. Its transport does not say where it is.'
    return { log: { host: 'unknown', protocol: name, description } }
  }
  return Object.fromEntries(servers.map(({ host, protocol }, index) => [`${name}-${index + 1}`, { host, protocol }]))
}
