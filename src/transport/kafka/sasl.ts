/**
 * Who this client says it is, and how it does so at a new connection.
 * @module
 */
import { X509Certificate } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import { LogUnavailable, NotAuthenticated } from '../index.ts'
import type { Client } from './client.ts'
import type { CompiledOptions, KafkaSasl, KafkaTls } from './options.ts'

type ConnectionOptions = NonNullable<ConstructorParameters<Client['Connection']>[1]>
export type SaslOptions = NonNullable<ConnectionOptions['sasl']>
type Authenticate = NonNullable<SaslOptions['authenticate']>

/** Secrets as they are now: functions are asked at every new connection, so that they may change. */
export interface Credentials {
  readonly mechanism: KafkaSasl['mechanism']
  readonly username?: string
  readonly password?: string
  readonly token?: string
}

/** @throws LogUnavailable when a function fails or does not end in `timeoutMs`; NotAuthenticated when it gives no text */
export async function credentialsOf(sasl: KafkaSasl, clock: Clock, timeoutMs: number): Promise<Credentials> {
  const { mechanism, ...secrets } = sasl
  const late = Promise.withResolvers<never>()
  const timer = clock.setTimer(timeoutMs, () => late.reject(new Error(`it gave nothing within ${timeoutMs} ms`)))
  try {
    const entries = Object.entries(secrets).map(async ([name, secret]) => [
      name,
      typeof secret === 'string' ? secret : await ask(name, secret, late.promise),
    ])
    return { mechanism, ...Object.fromEntries(await Promise.all(entries)) } as Credentials
  } finally {
    timer.cancel()
  }
}

async function ask(name: string, secret: () => string | Promise<string>, late: Promise<never>): Promise<string> {
  let given: unknown
  try {
    given = await Promise.race([secret(), late])
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause)
    throw new LogUnavailable(`The function kafka({ sasl: { ${name} } }) failed: ${said}`, { cause })
  }
  if (typeof given === 'string' && given !== '') return given
  throw new NotAuthenticated(
    `The function kafka({ sasl: { ${name} } }) gave ${given === '' ? 'an empty text' : typeof given}; it must give a text.`,
  )
}

/** The name brokers know this client by; undefined when it cannot be told from here. */
export function userOf(options: CompiledOptions, credentials?: Credentials): string | undefined {
  if (options.sasl === undefined) return subjectOf(options.tls) ?? 'ANONYMOUS'
  if (credentials?.token !== undefined) return subjectOfToken(credentials.token)
  return credentials?.username ?? ('username' in options.sasl ? textOf(options.sasl.username) : undefined)
}

function textOf(secret: unknown): string | undefined {
  return typeof secret === 'string' ? secret : undefined
}

/** As Kafka names the owner of a certificate: RFC 2253. */
function subjectOf(tls: KafkaTls | undefined): string | undefined {
  if (tls?.cert === undefined) return undefined
  return new X509Certificate(tls.cert).subject.split('\n').toReversed().join(',')
}

function subjectOfToken(token: string): string | undefined {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { sub?: unknown }
    return textOf(claims.sub)
  } catch {
    return undefined
  }
}

/**
 * Authenticates as the client would, but keeps for us how long the broker lets the session live: the client would authenticate again on
 * the same connection, among requests that are on their way, and the broker ends it then.
 */
export function authenticator(client: Client, lives: (sessionLifetimeMs: number) => void): Authenticate {
  return (mechanism, connection, api, username, password, token, callback) => {
    const done: typeof callback = (error, response) => {
      if (error != null || response === undefined) return callback(error)
      const refusal = refusalIn(response.authBytes)
      if (mechanism === client.SASLMechanisms.OAUTHBEARER && refusal !== undefined) {
        return callback(new client.AuthenticationError(refusal))
      }
      lives(Number(response.sessionLifetimeMs))
      callback(null, { ...response, sessionLifetimeMs: 0n })
    }
    if (mechanism === client.SASLMechanisms.PLAIN) {
      client.saslPlain.authenticate(api, connection, username!, password!, done)
    } else if (mechanism === client.SASLMechanisms.OAUTHBEARER) {
      client.saslOAuthBearer.authenticate(api, connection, token!, {}, done)
    } else {
      const algorithm = mechanism === client.SASLMechanisms.SCRAM_SHA_256 ? 'SHA-256' : 'SHA-512'
      client.saslScramSha.authenticate(
        api,
        connection,
        algorithm,
        username!,
        password!,
        client.saslScramSha.defaultCrypto,
        done,
      )
    }
  }
}

/** A token that is refused is answered without an error number: the bytes say so (RFC 7628). */
function refusalIn(authBytes: Buffer | null | undefined): string | undefined {
  if (authBytes == null || authBytes.length === 0) return undefined
  try {
    const { status } = JSON.parse(authBytes.toString()) as { status?: string }
    return status === undefined ? undefined : `the token is refused (${status})`
  } catch {
    return undefined
  }
}
