/**
 * All checks, in the order in which one explains the next.
 * @module
 */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { CompiledConfig } from '../../config/index.ts'
import { DeadLetters } from '../../deadletter/index.ts'
import type { Log, Transport } from '../../transport/index.ts'
import { loadApp, shown } from '../app-module.ts'
import { errorText } from '../output.ts'
import { laneLags } from '../../telemetry/lag/index.ts'
import type { Shell } from '../shell.ts'
import { ok, wrong, type Finding } from './finding.ts'
import { deadFinding, lagFindings, partitionEnds, staleGroups, topicFindings } from './log.ts'
import { directoryWritable, diskSpace, machineClock, nodeVersion } from './machine.ts'

/** Looks at everything and changes nothing. */
export async function examine(place: string | undefined, shell: Shell): Promise<Finding[]> {
  const findings = [nodeVersion(process.version), machineClock(shell.clock.now())]
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
  return [...findings, ...(await examineLog(config, shell))]
}

async function examineLog(config: CompiledConfig, shell: Shell): Promise<Finding[]> {
  let log: Log
  try {
    const transport = await transportOf(config)
    log = await transport.open({ clock: shell.clock, clientId: `doctor:${process.pid}` })
  } catch (error) {
    return [wrong('log', errorText(error), seePage)]
  }
  try {
    return await openLogFindings(log, config, shell.clock.now(), shell)
  } catch (error) {
    return [wrong('log', errorText(error), seePage)]
  } finally {
    await log.close()
  }
}

async function openLogFindings(log: Log, config: CompiledConfig, now: number, shell: Shell): Promise<Finding[]> {
  const { topicsOf } = await import('../../veltrix.ts')
  const existing = await log.admin.topics()
  const needed = topicsOf(config)
  const findings = topicFindings(existing, needed, config.app)
  const own = existing.filter((topic) => topic.name.startsWith(`${config.app}.`))
  findings.push(
    ...(await partitionEnds(log, own, now)),
    await staleGroups(log, config),
    ...lagFindings(await laneLags(log, config)),
  )
  const names = new Set(existing.map((topic) => topic.name))
  const complete = [...config.subscriptions.values()].every(
    (sub) => names.has(sub.deadTopic) && names.has(sub.auditTopic),
  )
  if (complete) findings.push(deadFinding(await new DeadLetters({ log, config, clock: shell.clock }).counts(), now))
  return findings
}

/** Where the embedded log lies; undefined for another transport. */
function directoryOf({ transport }: CompiledConfig, cwd: string): string | undefined {
  if (transport === 'embedded') return resolve(cwd, '.veltrix')
  return (transport as Transport & { readonly directory?: string }).directory
}

async function transportOf({ transport }: CompiledConfig): Promise<Transport> {
  if (transport !== 'embedded') return transport
  return (await import('../../transport/embedded/index.ts')).embedded()
}

const seePage = 'The page docs/errors.md says more about the code.'
