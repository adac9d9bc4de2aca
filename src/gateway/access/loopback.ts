/**
 * Addresses that only this machine can reach.
 * @module
 */
import { BlockList, isIP } from 'node:net'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Of an address or a name to listen on. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true
  const version = isIP(host)
  return version !== 0 && loopback.check(host, version === 4 ? 'ipv4' : 'ipv6')
}

/** Of a `Host` header: `localhost:4680`, `127.0.0.1`, `[::1]:4680`. */
export function isLoopbackHostHeader(header: string): boolean {
  const name = /^\[([^\]]*)\](?::\d+)?$/.exec(header)?.[1] ?? /^([^:]*)(?::\d+)?$/.exec(header)?.[1]
  return name !== undefined && isLoopback(name)
}
