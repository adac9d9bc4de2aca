/**
 * Which certificate a broker shows, also where it is not to be trusted (any more): until when it holds is what is wanted to know.
 * @module
 */
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { connect } from 'node:tls'
import type { Clock } from '../../clock.ts'
import type { CertificateState } from '../index.ts'
import type { Address } from './connections.ts'
import type { KafkaTls } from './options.ts'

/** Only looks: nothing is sent over this connection. @throws what keeps it from being made */
export function certificateShownBy(
  { host, port }: Address,
  tls: KafkaTls,
  timeoutMs: number,
  clock: Clock,
): Promise<CertificateState | undefined> {
  return new Promise((resolve, reject) => {
    const servername = tls.servername ?? (isIP(host) === 0 ? host : undefined)
    const socket = connect({
      ...tls,
      ca: tls.ca as string[],
      host,
      port,
      // Whether it is to be trusted is judged by the connections that are used.
      rejectUnauthorized: false,
      ...(servername === undefined ? {} : { servername }),
    })
    const timer = clock.setTimer(timeoutMs, () => end(() => reject(new Error(`no answer within ${timeoutMs} ms`))))
    const end = (settle: () => void): void => {
      timer.cancel()
      socket.destroy()
      settle()
    }
    socket.once('error', (error) => end(() => reject(error)))
    socket.once('secureConnect', () => {
      const shown = socket.getPeerX509Certificate()
      end(() => resolve(shown === undefined ? undefined : stateOf(shown)))
    })
  })
}

/** The first of a PEM text; it was looked at when the options were compiled. */
export function certificateIn(pem: string): CertificateState {
  return stateOf(new X509Certificate(pem))
}

function stateOf({ subject, validFrom, validTo }: X509Certificate): CertificateState {
  return {
    // Lines of `CN=broker` and the like; a certificate may have none.
    subject: (subject ?? '').split('\n').join(', '),
    validFrom: Date.parse(validFrom),
    validTo: Date.parse(validTo),
  }
}
