/**
 * The option `access` of a gateway: who may call it, and what each may do.
 * @module
 */
import type { Duration } from '../../config/index.ts'
import type { RightOptions } from './rights.ts'

/** Everybody who may call a gateway. Names are of a-z, 0-9 and `-`. */
export interface AccessOptions {
  /** API keys by their id, as `veltrix key` makes them. */
  readonly keys?: Readonly<Record<string, KeyOptions>>
  /** Who issues JSON Web Tokens, each under a name of your choice. */
  readonly tokens?: Readonly<Record<string, TokenOptions>>
  /** Senders of signed webhooks (Standard Webhooks 1.0). */
  readonly webhooks?: Readonly<Record<string, WebhookOptions>>
  /** Client certificates, checked by a proxy in front. */
  readonly certificates?: CertificateOptions
}

interface WithRights {
  readonly rights: readonly RightOptions[]
  /** Source of the plain JSON it sends. Default the application's; of a webhook `/webhooks/<name>`. */
  readonly source?: string
}

export interface KeyOptions extends WithRights {
  /** `sha256:<64 hex digits>` of the key; several while one is replaced by another. */
  readonly hash: string | readonly string[]
}

export interface TokenOptions {
  /** `iss` of its tokens. */
  readonly issuer: string
  /** `aud` must have one of these. */
  readonly audience: string | readonly string[]
  /** The issuer's public keys (RFC 7517): the set itself, or its address (https; http only on this machine). */
  readonly jwks: string | { readonly keys: readonly object[] }
  /** Signature algorithms that are taken. Default all of RS, PS, ES (256, 384, 512) and EdDSA; no other can be. */
  readonly algorithms?: readonly string[]
  /** How far the clocks may differ. Default `5s`, at most `5m`. */
  readonly clockTolerance?: Duration
  /** What tokens allow by their claims; a token has the rights of every entry that fits. */
  readonly rights: readonly ClaimRightOptions[]
}

export interface ClaimRightOptions extends RightOptions {
  /** A claim, or the way to one inside of others: `scope`, `['realm_access', 'roles']`. */
  readonly claim: string | readonly string[]
  /** The claim is this text, or a list that has it, or (`scope` and `scp`) words of which it is one. */
  readonly value: string
}

export interface WebhookOptions extends WithRights {
  /** `whsec_<Base64 of 24 to 64 bytes>`; several while one is replaced by another. */
  readonly secrets: string | readonly string[]
}

export interface CertificateOptions {
  /** Addresses (`10.0.0.5`) and networks (`10.0.0.0/24`) of proxies whose headers on certificates are believed. */
  readonly trustedProxies: readonly string[]
  readonly clients: Readonly<Record<string, CertificateClientOptions>>
}

export interface CertificateClientOptions extends WithRights {
  /** The whole of `X-SSL-Client-DN`: `CN=till-7,O=Acme`. This or `san`. */
  readonly subject?: string
  /** The whole of `X-SSL-Client-SAN`: `DNS:till-7.acme.example`. This or `subject`. */
  readonly san?: string
}
