/**
 * One broker that listens in every way there is to be secure, and the credentials for it.
 * @module
 */
import { createSign, generateKeyPairSync, pbkdf2Sync, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Admin, alterUserScramCredentialsV0, Connection } from '@platformatic/kafka'
import { systemClock } from '../../src/clock.ts'
import { Authority, type Certificate } from './certificates.ts'
import { freePorts, KafkaCluster } from './kafka-cluster.ts'

/** PLAINTEXT is of the broker itself: who comes there may do anything. */
const protocols = {
  SASL: 'SASL_PLAINTEXT',
  OAUTH: 'SASL_PLAINTEXT',
  /** Sessions end after 1 s. */
  SHORT: 'SASL_PLAINTEXT',
  TLS: 'SSL',
  /** A certificate of the client is required. */
  MUTUAL: 'SSL',
  SASLTLS: 'SASL_SSL',
  EXPIRED: 'SSL',
  OTHERNAME: 'SSL',
} as const

export type Listener = keyof typeof protocols
const listeners = Object.keys(protocols) as Listener[]
const users = ['admin', 'app', 'least', 'limited', 'rotating']
const plain =
  'org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="admin-secret"'
const oauth = 'org.apache.kafka.common.security.oauthbearer'

export class SecuredKafka {
  readonly cluster: KafkaCluster
  readonly authority: Authority
  readonly stranger: Authority
  readonly #ports: ReadonlyMap<Listener, number>
  readonly #directory: string
  readonly #signToken: (claims: object) => string

  private constructor(
    cluster: KafkaCluster,
    authorities: readonly [Authority, Authority],
    ports: ReadonlyMap<Listener, number>,
    directory: string,
    signToken: (claims: object) => string,
  ) {
    this.cluster = cluster
    ;[this.authority, this.stranger] = authorities
    this.#ports = ports
    this.#directory = directory
    this.#signToken = signToken
  }

  static async start(): Promise<SecuredKafka> {
    const directory = await mkdtemp(join(tmpdir(), 'veltrix-secured-'))
    const [authority, stranger, free] = await Promise.all([
      Authority.make(directory),
      Authority.make(directory),
      freePorts(listeners.length),
    ])
    const ports = new Map(listeners.map((name, nth) => [name, free[nth]!]))
    const good = await authority.sign('/CN=broker', 'DNS:localhost,IP:127.0.0.1')
    const expired = await authority.sign('/CN=broker', 'DNS:localhost,IP:127.0.0.1', { expired: true })
    const other = await authority.sign('/CN=broker', 'DNS:broker.elsewhere.example')
    const { jwks, sign } = await tokens(directory)
    const cluster = await KafkaCluster.start({
      brokers: 1,
      properties: ({ port, controllerPort }) => ({
        ...addresses(ports, port, controllerPort),
        ...saslSettings(jwks),
        ...tlsSettings(authority, { good, expired, other }),
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:ANONYMOUS;User:admin;User:app;User:rotating;User:CN=client,O=Veltrix',
      }),
      formatArguments: users.flatMap((name) => scramUser(name)),
      jvm: [`-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${jwks}`],
    })
    return new SecuredKafka(cluster, [authority, stranger], ports, directory, sign)
  }

  broker(listener: Listener, host = '127.0.0.1'): string {
    return `${host}:${this.#ports.get(listener)!}`
  }

  /** A token of the authority that the broker trusts. */
  token(sub: string, { audience = 'kafka', livesS = 300 } = {}): string {
    const now = Math.floor(Date.now() / 1000)
    return this.#signToken({ sub, aud: audience, iss: 'https://tests.example', iat: now, exp: now + livesS })
  }

  /** Lets `user` do `operations` on one thing, and nothing else. */
  async allow(user: string, resourceType: number, resourceName: string, operations: readonly number[]): Promise<void> {
    const literal = 3
    const allow = 3
    const admin = new Admin({ clientId: 'tool', bootstrapBrokers: this.cluster.brokers })
    const creations = operations.map((operation) => ({
      ...{ resourceType, resourceName, resourcePatternType: literal, principal: `User:${user}`, host: '*' },
      ...{ operation, permissionType: allow },
    }))
    await admin.createAcls({ creations: creations as Parameters<Admin['createAcls']>[0]['creations'] })
    const any = 1
    const filter = { resourceType, resourceName, resourcePatternType: literal, principal: `User:${user}`, host: '*' }
    const asked = { filter: { ...filter, operation: any, permissionType: any } } as Parameters<Admin['describeAcls']>[0]
    // The broker hears of it a moment after the controller.
    for (;;) {
      const known = (await admin.describeAcls(asked)).flatMap(({ acls }) => acls.map(({ operation }) => operation))
      if (operations.every((operation) => known.includes(operation as (typeof known)[number]))) break
      await systemClock.yield()
    }
    await admin.close()
  }

  /** Another SCRAM-SHA-512 password from now on. */
  async alterPassword(name: string, password: string): Promise<void> {
    const [host, port] = this.cluster.brokers[0]!.split(':')
    const connection = new Connection('tool')
    await connection.connect(host!, Number(port))
    const [iterations, salt] = [4_096, randomBytes(16)]
    const saltedPassword = pbkdf2Sync(password, salt, iterations, 64, 'sha512')
    const sha512 = 2
    await alterUserScramCredentialsV0.api.async(
      connection,
      [],
      [{ name, mechanism: sha512, iterations, salt, saltedPassword }],
    )
    await connection.close()
  }

  async stop(): Promise<void> {
    await this.cluster.stop()
    await rm(this.#directory, { recursive: true, force: true })
  }
}

function scramUser(name: string): string[] {
  return ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
    '--add-scram',
    `${mechanism}=[name=${name},password=${name}-${mechanism}]`,
  ])
}

function addresses(ports: ReadonlyMap<Listener, number>, port: number, controllerPort: number) {
  const open = [...ports].map(([name, at]) => `${name}://127.0.0.1:${at}`)
  const map = listeners.map((name) => `${name}:${protocols[name]}`)
  return {
    listeners: [`PLAINTEXT://127.0.0.1:${port}`, `CONTROLLER://127.0.0.1:${controllerPort}`, ...open].join(','),
    'advertised.listeners': [`PLAINTEXT://127.0.0.1:${port}`, ...open].join(','),
    'listener.security.protocol.map': ['PLAINTEXT:PLAINTEXT', 'CONTROLLER:PLAINTEXT', ...map].join(','),
  }
}

function saslSettings(jwks: string): Record<string, string | number> {
  const logins = users.map((name) => `user_${name}="${name}-secret"`)
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;'
  const settings: Record<string, string | number> = {
    'listener.name.oauth.sasl.enabled.mechanisms': 'OAUTHBEARER',
    'listener.name.oauth.oauthbearer.sasl.jaas.config': `${oauth}.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
    'listener.name.oauth.oauthbearer.sasl.server.callback.handler.class': `${oauth}.OAuthBearerValidatorCallbackHandler`,
    'listener.name.oauth.sasl.oauthbearer.jwks.endpoint.url': jwks,
    'listener.name.oauth.sasl.oauthbearer.expected.audience': 'kafka',
    'listener.name.short.scram-sha-512.connections.max.reauth.ms': 1_000,
  }
  for (const name of ['sasl', 'short', 'sasltls']) {
    const prefix = `listener.name.${name}`
    settings[`${prefix}.sasl.enabled.mechanisms`] =
      name === 'sasl' ? 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512' : 'PLAIN,SCRAM-SHA-512'
    settings[`${prefix}.plain.sasl.jaas.config`] = `${plain} ${logins.join(' ')};`
    settings[`${prefix}.scram-sha-256.sasl.jaas.config`] = scram
    settings[`${prefix}.scram-sha-512.sasl.jaas.config`] = scram
  }
  return settings
}

function tlsSettings(
  authority: Authority,
  { good, expired, other }: Record<'good' | 'expired' | 'other', Certificate>,
): Record<string, string> {
  const keystores = { tls: good, mutual: good, sasltls: good, expired, othername: other }
  const settings: Record<string, string> = { 'listener.name.mutual.ssl.client.auth': 'required' }
  for (const [name, { keystore }] of Object.entries(keystores)) {
    const prefix = `listener.name.${name}.ssl`
    settings[`${prefix}.keystore.type`] = 'PEM'
    settings[`${prefix}.keystore.location`] = keystore
    settings[`${prefix}.truststore.type`] = 'PEM'
    settings[`${prefix}.truststore.location`] = authority.truststore
  }
  return settings
}

/** A signing key, published as a file of JSON web keys, which the broker's own validator reads. */
async function tokens(directory: string): Promise<{ jwks: string; sign: (claims: object) => string }> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const file = join(directory, 'jwks.json')
  const key = { ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' }
  await writeFile(file, JSON.stringify({ keys: [key] }))
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
  const sign = (claims: object): string => {
    const signed = `${encode({ alg: 'RS256', typ: 'JWT', kid: 'one' })}.${encode(claims)}`
    return `${signed}.${createSign('RSA-SHA256').update(signed).sign(privateKey, 'base64url')}`
  }
  return { jwks: `file://${file}`, sign }
}
