/**
 * From the option `access` as it is written to one that can be asked. Everything wrong is told at once; secrets are never shown.
 * @module
 */
import { BlockList } from 'node:net'
import { joined, Problems, Section, shown, type CompiledConfig } from '../../config/index.ts'
import { systemClock, type Clock } from '../../clock.ts'
import { sourceProblem } from '../../event/index.ts'
import { Access } from './access.ts'
import { Certificates } from './certificates.ts'
import { AccessInvalid } from './errors.ts'
import type { Identity, IdentityKind } from './identity.ts'
import { hashPattern, KeyRing, namePattern, type KnownKey } from './keys.ts'
import { addNetwork } from './networks.ts'
import type { AccessOptions } from './options.ts'
import { RightsReader } from './rights-reader.ts'
import { issuersOf } from './tokens-reader.ts'
import { Tokens } from './tokens.ts'
import { secretBytes, Webhooks, type KnownWebhook } from './webhooks.ts'

/** @throws AccessInvalid with everything that is wrong */
export function compileAccess(
  options: AccessOptions,
  config: Pick<CompiledConfig, 'events'>,
  clock: Clock = systemClock,
): Access {
  const problems = new Problems()
  const top = new Section(options, '', problems, ['keys', 'tokens', 'webhooks', 'certificates'])
  const reader = new RightsReader(problems, config.events)
  const keys = keysOf(top, reader)
  const issuers = issuersOf(named(top, 'tokens', tokenFields), reader, clock)
  const webhooks = webhooksOf(top, reader)
  const certificates = certificatesOf(top, reader)
  if (problems.found.length === 0 && keys.size + issuers.length + webhooks.length + certificates.count === 0) {
    problems.add(
      '',
      'it names nobody: give keys, tokens, webhooks or certificates, or leave the option out on loopback',
    )
  }
  if (problems.found.length > 0) throw new AccessInvalid(problems.found)
  return new Access({
    ...(keys.size === 0 ? {} : { keys: new KeyRing(keys) }),
    ...(issuers.length === 0 ? {} : { tokens: new Tokens(issuers, clock) }),
    ...(webhooks.length === 0 ? {} : { webhooks: new Webhooks(webhooks, clock) }),
    ...(certificates.count === 0 ? {} : { certificates: certificates.made }),
  })
}

const tokenFields = ['issuer', 'audience', 'jwks', 'algorithms', 'clockTolerance', 'rights']

/** The named things in field `name` of a section. */
function named(parent: Section, name: string, fields: readonly string[]): readonly (readonly [string, Section])[] {
  const { problems } = parent
  const path = joined(parent.path, name)
  return [...sectionOf(parent.get(name), path, problems).entries()].flatMap(([each, value]) => {
    if (namePattern.test(each)) return [[each, sectionOf(value, joined(path, each), problems, fields)] as const]
    // A secret may have got in the place of a name.
    const which = /^(?:vlx_|whsec_)/.test(each) ? 'a name that looks like a secret' : shown(each)
    problems.add(path, `${which} is not a name: it has a-z, 0-9 and "-", at most 63 characters`)
    return []
  })
}

/** Like Section, but text where an object belongs is not shown: it may be the secret itself. */
function sectionOf(value: unknown, path: string, problems: Problems, fields?: readonly string[]): Section {
  if (typeof value !== 'string') return new Section(value, path, problems, fields)
  problems.add(path, 'is text (not shown, it may be a secret), and must be an object { … }')
  return new Section(undefined, path, problems, fields)
}

function identityOf(
  section: Section,
  reader: RightsReader,
  kind: IdentityKind,
  name: string,
  defaultSource?: string,
): Identity {
  const source = section.get('source') ?? defaultSource
  const problem = source === undefined ? undefined : sourceProblem(source)
  if (problem !== undefined) section.wrong('source', `${shown(source)} ${problem}`)
  return {
    name: `${kind}:${name}`,
    kind,
    rights: reader.rights(section),
    ...(source === undefined ? {} : { source: String(source) }),
  }
}

/** One text or a list of them; none is a problem. */
function oneOrMore(section: Section, name: string): readonly unknown[] {
  const value = section.get(name)
  const all = typeof value === 'string' ? [value] : (section.list(name) ?? [undefined])
  if (all.length === 0) section.wrong(name, 'is missing')
  return all
}

function keysOf(top: Section, reader: RightsReader): ReadonlyMap<string, KnownKey> {
  const all = named(top, 'keys', ['hash', 'rights', 'source'])
  return new Map(
    all.map(([id, section]) => {
      const hashes = oneOrMore(section, 'hash').filter((hash): hash is string => {
        if (typeof hash === 'string' && hashPattern.test(hash)) return true
        section.wrong('hash', `must be "sha256:" and 64 hex digits, as "veltrix key ${id}" prints it (never the key)`)
        return false
      })
      return [id, { hashes, identity: identityOf(section, reader, 'key', id) }]
    }),
  )
}

function webhooksOf(top: Section, reader: RightsReader): readonly KnownWebhook[] {
  const taken = new Set<string>()
  return named(top, 'webhooks', ['secrets', 'rights', 'source']).map(([name, section]) => {
    const secrets = oneOrMore(section, 'secrets').flatMap((text) => {
      const secret = secretBytes(text)
      if (secret === undefined) section.wrong('secrets', 'must be "whsec_" and 24 to 64 bytes in Base64')
      else if (taken.has(secret.toString('hex'))) section.wrong('secrets', 'has one that is there twice')
      else taken.add(secret.toString('hex'))
      return secret === undefined ? [] : [secret]
    })
    return { secrets, identity: identityOf(section, reader, 'webhook', name, `/webhooks/${name}`) }
  })
}

function certificatesOf(top: Section, reader: RightsReader): { readonly made: Certificates; readonly count: number } {
  const section = top.section('certificates', ['trustedProxies', 'clients'])
  const proxies = new BlockList()
  if (top.has('certificates')) {
    for (const proxy of oneOrMore(section, 'trustedProxies')) {
      if (typeof proxy === 'string' && addNetwork(proxies, proxy)) continue
      section.wrong('trustedProxies', `${shown(proxy)} is not an address or network such as "10.0.0.0/24"`)
    }
  }
  const subjects = new Map<string, Identity>()
  const sans = new Map<string, Identity>()
  for (const [name, client] of named(section, 'clients', ['subject', 'san', 'rights', 'source'])) {
    const field = client.has('san') ? 'san' : 'subject'
    const value = client.get(field)
    const into = field === 'san' ? sans : subjects
    if (client.has('san') && client.has('subject')) client.wrong('subject', 'stands beside san: give one of them')
    else if (typeof value !== 'string' || value === '') client.wrong(field, 'must be text as the proxy hands it over')
    else if (into.has(value)) client.wrong(field, `${shown(value)} is another client's already`)
    else into.set(value, identityOf(client, reader, 'certificate', name))
  }
  return { made: new Certificates(proxies, subjects, sans), count: subjects.size + sans.size }
}
