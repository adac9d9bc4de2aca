/**
 * Client certificates that a proxy in front (HAProxy) has checked and tells of in headers. Only known proxies are believed.
 * @module
 */
import { isIP, type BlockList } from 'node:net'
import type { Identity } from './identity.ts'

export interface CertificateHeaders {
  /** `X-SSL-Client-Verify`: OpenSSL's result, `0` for a good certificate (and for none). */
  readonly verify: string | undefined
  /** `X-SSL-Client-DN` */
  readonly subject: string | undefined
  /** `X-SSL-Client-SAN` */
  readonly san: string | undefined
}

/** Adds an address or network to `list`; false when it is neither, or is everybody. */
export function addNetwork(list: BlockList, text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  const family = version === 4 ? 'ipv4' : 'ipv6'
  if (prefix === undefined) {
    list.addAddress(address, family)
    return true
  }
  if (!/^[1-9]\d{0,2}$/.test(prefix) || Number(prefix) > (version === 4 ? 32 : 128)) return false
  list.addSubnet(address, Number(prefix), family)
  return true
}

export class Certificates {
  readonly #proxies: BlockList
  readonly #bySubject: ReadonlyMap<string, Identity>
  readonly #bySan: ReadonlyMap<string, Identity>

  constructor(proxies: BlockList, bySubject: ReadonlyMap<string, Identity>, bySan: ReadonlyMap<string, Identity>) {
    this.#proxies = proxies
    this.#bySubject = bySubject
    this.#bySan = bySan
  }

  /** Whose certificate the proxy at `peer` saw; nobody's when `peer` (the socket's address, never a header's) is not trusted. */
  identify(peer: string | undefined, { verify, subject, san }: CertificateHeaders): Identity | undefined {
    if (verify !== '0' || peer === undefined || !this.#isTrusted(peer)) return undefined
    // Compared whole: a part of a name can be put into another one by whoever asks for the certificate.
    const named = san === undefined ? undefined : this.#bySan.get(unquoted(san))
    return named ?? (subject === undefined ? undefined : this.#bySubject.get(unquoted(subject)))
  }

  #isTrusted(peer: string): boolean {
    const address = peer.split('%', 1)[0]!
    const version = isIP(address)
    return version !== 0 && this.#proxies.check(address, version === 4 ? 'ipv4' : 'ipv6')
  }
}

/** HAProxy's `%{+Q}` puts quotation marks around. */
function unquoted(text: string): string {
  return /^"(.*)"$/.exec(text)?.[1] ?? text
}
