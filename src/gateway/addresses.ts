/**
 * From which address a request comes: that of its connection, or what a proxy that is trusted says of its own.
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import { addNetwork, isWithin } from './access/index.ts'
import { GatewayOptionInvalid } from './errors.ts'

export class Addresses {
  readonly #proxies: BlockList | undefined

  /** @throws GatewayOptionInvalid */
  constructor(trustedProxies: readonly string[]) {
    if (trustedProxies.length === 0) return
    this.#proxies = new BlockList()
    for (const proxy of trustedProxies) {
      if (addNetwork(this.#proxies, proxy)) continue
      const wrong = `cannot have ${JSON.stringify(proxy)}: give an address or a network, such as 10.0.0.0/24`
      throw new GatewayOptionInvalid('trustedProxies', wrong)
    }
  }

  /**
   * Each proxy adds the address that it was called from at the right of `X-Forwarded-For`: the first from there that is not a trusted
   * proxy's own counts, and what stands left of it anybody may have written.
   */
  of({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>): string {
    let address = socket.remoteAddress ?? ''
    const proxies = this.#proxies
    if (proxies === undefined || !isWithin(proxies, address)) return address
    const forwarded = headers['x-forwarded-for'] ?? ''
    for (const each of (Array.isArray(forwarded) ? forwarded.join() : forwarded).split(',').toReversed()) {
      const named = each.trim()
      if (isIP(named) === 0) break
      address = named
      if (!isWithin(proxies, address)) break
    }
    return address
  }
}
