/**
 * Until when certificates hold: those that brokers show, that of this client, and those in files.
 * @module
 */
import { X509Certificate } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { CertificateState, ClusterHealth } from '../../transport/index.ts'
import { moment, plural, span } from '../format.ts'
import { ok, warn, wrong, type Finding } from './finding.ts'

const dayMs = 86_400_000
const soonMs = 30 * dayMs
const verySoonMs = 7 * dayMs

export interface Named {
  /** `broker 1 at kafka-1:9093`, or the name of a file. */
  readonly of: string
  readonly state: CertificateState
}

export function certificatesOf({ brokers, ownCertificate }: ClusterHealth): Named[] {
  const shown = brokers.flatMap(({ id, address, certificate }) => {
    const of = id === undefined ? address : `broker ${id} at ${address}`
    return certificate === undefined ? [] : [{ of, state: certificate }]
  })
  return ownCertificate === undefined
    ? shown
    : [...shown, { of: 'this client (kafka({ ssl: { cert } }))', state: ownCertificate }]
}

/** Nothing where there are no certificates. */
export function certificateFindings(all: readonly Named[], now: number): Finding[] {
  if (all.length === 0) return []
  const findings = all.flatMap(({ of, state: { subject, validFrom, validTo } }) => {
    const whose = `${of} (${subject || 'no subject'})`
    const mend = `Replace it before ${moment(validTo)} UTC.`
    if (now < validFrom) {
      const says = `${whose}: holds only from ${moment(validFrom)} UTC on`
      return [wrong('certificates', says, 'Set the clock of this machine, or take another certificate.')]
    }
    const leftMs = validTo - now
    if (leftMs <= 0)
      return [
        wrong('certificates', `${whose}: expired ${span(-leftMs)} ago`, 'Replace it now: connections are refused.'),
      ]
    if (leftMs < verySoonMs) return [wrong('certificates', `${whose}: expires in ${span(leftMs)}`, mend)]
    return leftMs < soonMs ? [warn('certificates', `${whose}: expires in ${span(leftMs)}`, mend)] : []
  })
  if (findings.length > 0) return findings
  const first = Math.min(...all.map(({ state }) => state.validTo))
  return [ok('certificates', `${plural(all.length, 'certificate')}, the first expires in ${span(first - now)}`)]
}

/** Certificates in PEM files, and findings about files that have none. A directory counts for the `.pem`, `.crt` and `.cer` files in it. */
export async function certificatesIn(
  places: readonly string[],
  cwd: string,
): Promise<{ named: readonly Named[]; findings: readonly Finding[] }> {
  const named: Named[] = []
  const findings: Finding[] = []
  for (const place of places) {
    try {
      for (const file of await filesAt(resolve(cwd, place))) named.push(...statesIn(await readFile(file, 'utf8'), file))
    } catch (error) {
      findings.push(
        wrong(
          'certificates',
          `${place}: ${(error as Error).message}`,
          'Check --certificate, or the paths in the configuration of HAProxy.',
        ),
      )
    }
  }
  return { named, findings }
}

/** What a configuration of HAProxy names by `crt` and `ca-file`. Paths are as HAProxy was started: relative ones by `cwd`. */
export function certificatePaths(configuration: string): readonly string[] {
  const lines = configuration.split('\n').map((line) => line.replace(/(^|\s)#.*$/, ''))
  const base = /^\s*crt-base\s+(\S+)/m.exec(lines.join('\n'))?.[1]
  const caBase = /^\s*ca-base\s+(\S+)/m.exec(lines.join('\n'))?.[1]
  const found = lines.flatMap((line) =>
    [...line.matchAll(/\s(crt|ca-file)\s+("[^"]+"|\S+)/g)].map(([, kind, quoted]) => {
      const path = quoted!.replaceAll('"', '')
      const below = kind === 'crt' ? base : caBase
      return below === undefined || path.startsWith('/') ? path : join(below, path)
    }),
  )
  // `@system-ca` and the like are no files.
  return [...new Set(found)].filter((path) => !path.startsWith('@'))
}

async function filesAt(path: string): Promise<readonly string[]> {
  if (!(await stat(path)).isDirectory()) return [path]
  const names = (await readdir(path)).filter((name) => /\.(pem|crt|cer)$/.test(name)).toSorted()
  if (names.length === 0) throw new Error('there is no certificate in this directory.')
  return names.map((name) => join(path, name))
}

/** @throws when there is none, or one that cannot be read */
function statesIn(text: string, file: string): Named[] {
  const parts = text.match(/-----BEGIN CERTIFICATE-----[^]+?-----END CERTIFICATE-----/g)
  if (parts === null) throw new Error(`there is no certificate (PEM) in ${file}.`)
  return parts.map((part) => {
    const { subject, validFrom, validTo } = new X509Certificate(part)
    const state = {
      subject: (subject ?? '').split('\n').join(', '),
      validFrom: Date.parse(validFrom),
      validTo: Date.parse(validTo),
    }
    return { of: file, state }
  })
}
