/**
 * All checks, in the order in which one explains the next.
 * @module
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { CompiledConfig } from '../../config/index.ts'
import type { Log } from '../../transport/index.ts'
import { directoryOf, transportOf } from '../app-log.ts'
import { loadApp, shown } from '../app-module.ts'
import { UsageInvalid } from '../errors.ts'
import { errorText } from '../output.ts'
import type { Shell } from '../shell.ts'
import { certificateFindings, certificatePaths, certificatesIn } from './certificates.ts'
import { ok, wrong, type Finding } from './finding.ts'
import { examineLog } from './examine-log.ts'
import { directoryWritable, diskSpace, machineClock, nodeVersion } from './machine.ts'

export interface DoctorOptions {
  /** Publish probes to the canary's topics; without it nothing is changed. */
  readonly probe: boolean
  /** How long positions are watched, in milliseconds. */
  readonly observeMs: number
  /** PEM files, and directories of them. */
  readonly certificates: readonly string[]
  /** A configuration of HAProxy whose certificates are looked at. */
  readonly haproxy: string | undefined
}

/** Looks at everything. @throws UsageInvalid when the configuration of HAProxy cannot be read */
export async function examine(place: string | undefined, options: DoctorOptions, shell: Shell): Promise<Finding[]> {
  const findings = [nodeVersion(process.version), machineClock(shell.clock.now()), ...(await files(options, shell))]
  let config: CompiledConfig
  try {
    const loaded = await loadApp(place, shell)
    config = loaded.config
    findings.push(
      ok(
        'typed file',
        `${shown(loaded.file, shell.cwd)}: ${config.events.size} events, ${config.subscriptions.size} subscriptions`,
      ),
    )
  } catch (error) {
    return [...findings, wrong('typed file', errorText(error), 'Mend the file; nothing below it can be checked.')]
  }
  const directory = directoryOf(config, shell.cwd)
  if (directory !== undefined) {
    const writable = await directoryWritable(directory)
    findings.push(writable, await diskSpace(directory))
    // Nothing can be said of a log in a directory that cannot even be looked into.
    const there = existsSync(join(directory, 'log.db'))
    if (!there && writable.status === 'wrong') return findings
    if (!there) return [...findings, ok('log', 'there is none yet; the first start or publish makes it')]
  }
  return [...findings, ...(await openedLog(config, directory, options, shell))]
}

async function files({ certificates, haproxy }: DoctorOptions, { cwd, clock }: Shell): Promise<Finding[]> {
  const places = [...certificates]
  if (haproxy !== undefined) {
    const text = await readFile(resolve(cwd, haproxy), 'utf8').catch((cause: Error) => {
      throw new UsageInvalid(`--haproxy: ${haproxy} cannot be read: ${cause.message}.`, { cause })
    })
    places.push(...certificatePaths(text))
  }
  const { named, findings } = await certificatesIn(places, cwd)
  return [...findings, ...certificateFindings(named, clock.now())]
}

async function openedLog(
  config: CompiledConfig,
  directory: string | undefined,
  options: DoctorOptions,
  shell: Shell,
): Promise<Finding[]> {
  let log: Log
  try {
    const transport = await transportOf(config)
    log = await transport.open({ clock: shell.clock, clientId: `doctor:${process.pid}` })
  } catch (error) {
    return [wrong('log', errorText(error), seePage)]
  }
  try {
    return await examineLog({ log, config, directory, ...options, clock: shell.clock })
  } catch (error) {
    return [wrong('log', errorText(error), seePage)]
  } finally {
    await log.close()
  }
}

const seePage = 'The page docs/errors.md says more about the code.'
