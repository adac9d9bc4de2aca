/**
 * Client certificates that a proxy in front (HAProxy) has checked and tells of in headers. Only known proxies are believed.
 * @module
 */
import type { BlockList } from 'node:net'
import type { Identity } from './identity.ts'
import { isWithin } from './networks.ts'

export interface CertificateHeaders {
  /** `X-SSL-Client-Verify`: OpenSSL's result, `0` for a good certificate (and for none). */
  readonly verify: string | undefined
  /** `X-SSL-Client-DN` */
  readonly subject: string | undefined
  /** `X-SSL-Client-SAN` */
  readonly san: string | undefined
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
    if (verify !== '0' || peer === undefined || !isWithin(this.#proxies, peer)) return undefined
    // Compared whole: a part of a name can be put into another one by whoever asks for the certificate.
    const named = san === undefined ? undefined : this.#bySan.get(unquoted(san))
    return named ?? (subject === undefined ? undefined : this.#bySubject.get(unquoted(subject)))
  }
}

/** HAProxy's `%{+Q}` puts quotation marks around. */
function unquoted(text: string): string {
  return /^"(.*)"$/.exec(text)?.[1] ?? text
}
