/** What is wrong with the option `access` is told at once, by field, and without a secret in it. */
import { expect, test } from 'vitest'
import { AccessInvalid, createGateway, createKey, type AccessOptions } from '../../src/gateway/index.ts'
import { veltrix } from '../../src/index.ts'
import { shop } from './running.ts'

const { hash, key } = createKey('till')
const rights = [{ verbs: ['publish'], types: ['order.placed'], sources: ['*'] }]
const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
const jwks = 'https://issuer.example/jwks.json'
const token = {
  issuer: 'https://issuer.example/',
  audience: 'shop',
  jwks,
  rights: [{ claim: 'scope', value: 'w', ...rights[0]! }],
}

function problemsOf(access: unknown): readonly { path: string; message: string }[] {
  try {
    createGateway(veltrix(shop), { access: access as AccessOptions })
    return []
  } catch (error) {
    expect(error).toBeInstanceOf(AccessInvalid)
    expect((error as AccessInvalid).message).not.toContain(key.split('.')[1])
    expect((error as AccessInvalid).message).not.toContain(secret)
    return (error as AccessInvalid).problems
  }
}

test('what is right is taken', () => {
  const certificates = { trustedProxies: '10.0.0.0/8', clients: { a: { subject: 'CN=a', rights } } }
  expect(problemsOf({ keys: { till: { hash, rights } }, tokens: { a: token }, certificates })).toEqual([])
  expect(problemsOf({ webhooks: { pay: { secrets: [secret], rights } } })).toEqual([])
})

test.each<[what: string, access: unknown, path: string, message: string]>([
  ['nobody', {}, '', 'names nobody'],
  ['nothing', null, '', 'not a plain object'],
  ['nobody under a name', { keys: {} }, '', 'names nobody'],
  ['an unknown field', { keyz: {} }, 'keyz', 'did you mean "keys"?'],
  [
    'an unknown field of a key',
    { keys: { till: { hash, rights, right: [] } } },
    'keys.till.right',
    'did you mean "rights"?',
  ],
  ['a key instead of its hash', { keys: { till: { hash: key, rights } } }, 'keys.till.hash', 'never the key'],
  ['a key instead of all of it', { keys: { till: key } }, 'keys.till', 'not shown'],
  ['a key as a name', { keys: { [key]: { hash, rights } } }, 'keys', 'looks like a secret'],
  ['no hash', { keys: { till: { rights } } }, 'keys.till.hash', 'is missing'],
  ['no rights', { keys: { till: { hash, rights: [] } } }, 'keys.till.rights', 'nothing would be allowed'],
  [
    'no source for publish',
    { keys: { till: { hash, rights: [{ verbs: ['publish'], types: ['*'] }] } } },
    'keys.till.rights[0].sources',
    'is missing',
  ],
  [
    'no types',
    { keys: { till: { hash, rights: [{ verbs: ['read-types'] }] } } },
    'keys.till.rights[0].types',
    'is missing',
  ],
  [
    'an unknown verb',
    { keys: { till: { hash, rights: [{ verbs: ['publsh'], types: '*' }] } } },
    'keys.till.rights[0].verbs',
    'did you mean "publish"?',
  ],
  [
    'an undeclared type',
    { keys: { till: { hash, rights: [{ ...rights[0], types: ['order.placd'] }] } } },
    'keys.till.rights[0].types',
    'did you mean "order.placed"?',
  ],
  [
    'a * inside of a type',
    { keys: { till: { hash, rights: [{ ...rights[0], types: ['ord*'] }] } } },
    'keys.till.rights[0].types',
    'is no pattern',
  ],
  [
    'a * inside of a source',
    { keys: { till: { hash, rights: [{ ...rights[0], sources: ['/a*b'] }] } } },
    'keys.till.rights[0].sources',
    'before its end',
  ],
  ['a source that is none', { keys: { till: { hash, rights, source: 'a b' } } }, 'keys.till.source', '"a b"'],
  ['HS256', { tokens: { a: { ...token, algorithms: ['HS256'] } } }, 'tokens.a.algorithms', '"HS256" is not taken'],
  ['none', { tokens: { a: { ...token, algorithms: ['none'] } } }, 'tokens.a.algorithms', '"none" is not taken'],
  ['keys over plain http', { tokens: { a: { ...token, jwks: 'http://issuer.example/' } } }, 'tokens.a.jwks', 'https'],
  [
    'a shared key',
    { tokens: { a: { ...token, jwks: { keys: [{ kty: 'oct', k: key.split('.')[1] }] } } } },
    'tokens.a.jwks',
    'private or shared',
  ],
  ['no audience', { tokens: { a: { ...token, audience: [] } } }, 'tokens.a.audience', 'must be text'],
  ['an issuer twice', { tokens: { a: token, b: token } }, 'tokens.b.issuer', 'there twice'],
  ['a weak secret', { webhooks: { pay: { secrets: 'whsec_AAAA', rights } } }, 'webhooks.pay.secrets', '24 to 64 bytes'],
  ['a secret instead of all of it', { webhooks: { pay: secret } }, 'webhooks.pay', 'not shown'],
  [
    'a secret of two',
    { webhooks: { a: { secrets: secret, rights }, b: { secrets: secret, rights } } },
    'webhooks.b.secrets',
    'there twice',
  ],
  [
    'a proxy that is no address',
    { certificates: { trustedProxies: ['proxy'], clients: {} } },
    'certificates.trustedProxies',
    '"proxy"',
  ],
  [
    'a network too narrow',
    { certificates: { trustedProxies: ['10.0.0.0/33'], clients: {} } },
    'certificates.trustedProxies',
    '10.0.0.0/33',
  ],
  [
    'everybody as a proxy',
    { certificates: { trustedProxies: ['0.0.0.0/0'], clients: {} } },
    'certificates.trustedProxies',
    '0.0.0.0/0',
  ],
  [
    'no proxies',
    { certificates: { clients: { a: { subject: 'CN=a', rights } } } },
    'certificates.trustedProxies',
    'is missing',
  ],
  [
    'a client without a name',
    { certificates: { trustedProxies: '::1', clients: { a: { rights } } } },
    'certificates.clients.a.subject',
    'must be text',
  ],
])('%s', (_, access, path, message) => {
  expect(problemsOf(access)).toContainEqual({ path, message: expect.stringContaining(message) as string })
})
