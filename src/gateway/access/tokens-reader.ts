/**
 * Reading who issues tokens, as it is written.
 * @module
 */
import { createLocalJWKSet, type JSONWebKeySet } from 'jose'
import type { Clock } from '../../clock.ts'
import { meant, shown, type Section } from '../../config/index.ts'
import { RemoteKeySet, type FindKey } from './key-set.ts'
import type { RightsReader } from './rights-reader.ts'
import { signatureAlgorithms, type TokenIssuer } from './tokens.ts'

export function issuersOf(
  sections: readonly (readonly [string, Section])[],
  reader: RightsReader,
  clock: Clock,
): readonly TokenIssuer[] {
  const taken = new Set<string>()
  return sections.map(([name, section]) => {
    const issuer = section.get('issuer')
    if (typeof issuer !== 'string' || issuer === '') section.wrong('issuer', `${shown(issuer)} is not text`)
    else if (taken.has(issuer)) section.wrong('issuer', `${shown(issuer)} is there twice: put both audiences into one`)
    else taken.add(issuer)
    return {
      name,
      issuer: String(issuer),
      audience: texts(section, 'audience'),
      find: keySetOf(section, clock),
      algorithms: algorithmsOf(section),
      clockToleranceMs: section.duration('clockTolerance', { default: 5_000, min: 0, max: 5 * 60_000 }),
      rights: reader.claimRights(section),
    }
  })
}

function texts(section: Section, name: string): readonly string[] {
  const value = section.get(name)
  const list = typeof value === 'string' ? [value] : (section.list(name) ?? [])
  const found = list.filter((each): each is string => typeof each === 'string' && each !== '')
  if (found.length === 0 || found.length < list.length) section.wrong(name, 'must be text, or a list of texts')
  return found
}

function algorithmsOf(section: Section): readonly string[] {
  if (!section.has('algorithms')) return signatureAlgorithms
  const found = texts(section, 'algorithms')
  for (const each of found) {
    if ((signatureAlgorithms as readonly string[]).includes(each)) continue
    section.wrong('algorithms', `${shown(each)} is not taken${meant(each, signatureAlgorithms)}`)
  }
  return found
}

const noKeys = createLocalJWKSet({ keys: [] })

function keySetOf(section: Section, clock: Clock): FindKey {
  const jwks = section.get('jwks')
  if (typeof jwks === 'string') {
    if (!isTrustworthy(jwks)) {
      section.wrong('jwks', `${shown(jwks)} is not an https address (http is for this machine only), nor a set of keys`)
    }
    const remote = new RemoteKeySet(jwks, clock)
    return ((header, token) => remote.find(header!, token!)) as FindKey
  }
  const keys = (jwks as { readonly keys?: unknown } | null | undefined)?.keys
  if (!Array.isArray(keys) || keys.length === 0) {
    section.wrong('jwks', 'must be the address of a key set, or the set itself: { keys: [ … ] }')
    return noKeys
  }
  // A file that lies beside the gateway is no place for what tokens are made with.
  if (keys.some((key: unknown) => typeof key !== 'object' || key === null || 'd' in key || 'k' in key)) {
    section.wrong('jwks', 'has a private or shared key (not shown): give public keys only')
    return noKeys
  }
  try {
    return createLocalJWKSet({ keys } as JSONWebKeySet)
  } catch {
    section.wrong('jwks', 'is not a set of keys (RFC 7517)')
    return noKeys
  }
}

function isTrustworthy(address: string): boolean {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url?.protocol === 'https:') return true
  return url?.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)
}
