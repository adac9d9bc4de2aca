/**
 * Why a broker and this client did not accept each other, in words that say what to change.
 * @module
 */
import { NotAuthenticated } from '../index.ts'
import { troubleOf } from './broker-errors.ts'
import { code } from './error-codes.ts'

/** Who this client says it is. */
export interface Identity {
  readonly mechanism: string | undefined
  readonly user: string | undefined
  /** Whether it has a certificate of its own. */
  readonly certified: boolean
}

/** Undefined when `error` is about something else. */
export function authenticationError(
  error: unknown,
  address: { readonly host: string; readonly port: number },
  identity: Identity,
): NotAuthenticated | undefined {
  const problem = saslProblem(error, identity) ?? tlsProblem(error, identity)
  if (problem === undefined) return undefined
  return new NotAuthenticated(`${address.host}:${address.port} ${problem}`, { cause: error })
}

function saslProblem(error: unknown, { mechanism, user }: Identity): string | undefined {
  const links = chainOf(error)
  const trouble = troubleOf(error)
  if (trouble?.apiCode === code.unsupportedSaslMechanism) {
    const taken = links.map(({ response }) => response?.mechanisms).find((each) => each !== undefined)
    const instead = taken === undefined ? '' : ` It takes ${taken.join(', ')}.`
    return `does not take the mechanism ${mechanism}.${instead} Set kafka({ sasl: { mechanism } }).`
  }
  if (trouble?.apiCode === code.illegalSaslState && mechanism !== undefined) {
    return 'takes no SASL on this port. Leave kafka({ sasl }) out, or use the port that does.'
  }
  if (trouble?.apiCode !== code.saslFailed && !links.some((link) => link.code === 'PLT_KFK_AUTHENTICATION')) {
    return undefined
  }
  const said = trouble?.serverErrorMessage ?? links.findLast(({ code: of }) => of === 'PLT_KFK_AUTHENTICATION')?.message
  return `refuses the user ${user === undefined ? 'of this client' : `"${user}"`} (${mechanism}): ${said}. Check kafka({ sasl }).`
}

function tlsProblem(error: unknown, { certified }: Identity): string | undefined {
  for (const { code: name = '', message } of chainOf(error)) {
    const own = ofBroker[String(name)]
    if (own !== undefined) return own
    if (name === 'ERR_TLS_CERT_ALTNAME_INVALID') {
      return `has a certificate for another name (${message}). Use a host name that is in it, or set kafka({ ssl: { servername } }).`
    }
    if (/^ERR_SSL_.*ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_\w+|ACCESS_DENIED)$/.test(String(name))) {
      if (!certified) return 'wants a certificate of this client. Set kafka({ ssl: { cert, key } }).'
      return `does not trust the certificate of this client (${String(name)}). Check kafka({ ssl: { cert, key } }).`
    }
  }
  return undefined
}

const untrusted =
  'has a certificate that is signed by nobody this client trusts. Set kafka({ ssl: { ca } }) to the certificate of its authority.'
/** What Node says about a broker's certificate. */
const ofBroker: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has a certificate that has expired. It needs a new one.',
  CERT_NOT_YET_VALID: 'has a certificate that is not valid yet. Check the clocks.',
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
}

interface Link {
  readonly code?: unknown
  readonly message: string
  readonly response?: { readonly mechanisms?: readonly string[] }
}

function chainOf(error: unknown): readonly Link[] {
  const links: Link[] = []
  for (let each = error as (Link & { cause?: unknown }) | undefined; each != null;) {
    links.push(each)
    each = each.cause as typeof each
  }
  return links
}
