/**
 * Certificates for tests, made with openssl: an authority, and what it signs.
 * @module
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Why there can be none here; undefined when there can. */
export async function missingOpenssl(): Promise<string | undefined> {
  const version = await run('openssl', ['version']).catch(() => undefined)
  return version === undefined ? 'openssl is not on the PATH' : undefined
}

export interface Certificate {
  /** PEM texts. */
  readonly cert: string
  readonly key: string
  /** File with both, as a broker takes its keystore. */
  readonly keystore: string
}

export class Authority {
  readonly cert: string
  /** File with the certificate, as a broker takes its truststore. */
  readonly truststore: string
  readonly #directory: string
  #made = 0

  private constructor(directory: string, cert: string) {
    this.#directory = directory
    this.cert = cert
    this.truststore = join(directory, 'ca.crt')
  }

  /** @param parent directory that the caller removes */
  static async make(parent: string): Promise<Authority> {
    const directory = await mkdtemp(join(parent, 'authority-'))
    const [key, cert] = [join(directory, 'ca.key'), join(directory, 'ca.crt')]
    await run('openssl', [
      'req',
      '-x509',
      ...newKey,
      '-keyout',
      key,
      '-out',
      cert,
      '-days',
      '30',
      '-subj',
      '/CN=Authority',
    ])
    return new Authority(directory, await readFile(cert, 'utf8'))
  }

  /** @param names as openssl takes them: `DNS:localhost,IP:127.0.0.1` */
  async sign(subject: string, names: string, { expired = false } = {}): Promise<Certificate> {
    const base = join(this.#directory, `${++this.#made}`)
    const [key, request, cert, keystore] = [`${base}.key`, `${base}.csr`, `${base}.crt`, `${base}.pem`]
    await run('openssl', ['req', '-new', ...newKey, '-keyout', key, '-out', request, '-subj', subject])
    await writeFile(`${base}.ext`, `subjectAltName=${names}\n`)
    const signer = ['-CA', this.truststore, '-CAkey', join(this.#directory, 'ca.key'), '-CAcreateserial']
    // One that begins and ends in the past; `x509 -days` takes no time before now that every openssl knows.
    const days = ['-days', expired ? '-1' : '30']
    await run('openssl', ['x509', '-req', '-in', request, ...signer, '-out', cert, ...days, '-extfile', `${base}.ext`])
    const texts = { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') }
    await writeFile(keystore, texts.key + texts.cert)
    return { ...texts, keystore }
  }
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
