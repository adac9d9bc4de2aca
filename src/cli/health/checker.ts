/**
 * Looks whether an application can work; again and again over one open log. Whatever fails is a finding, not an error.
 * @module
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../clock.ts'
import type { CompiledConfig } from '../../config/index.ts'
import { LagReader, type LagReport } from '../../telemetry/lag/index.ts'
import type { Log } from '../../transport/index.ts'
import { directoryOf, transportOf } from '../app-log.ts'
import { diskSpace } from '../doctor/machine.ts'
import { brokerFindings, replicaFindings, replicaStates } from '../doctor/replicas.ts'
import type { Finding } from '../doctor/finding.ts'
import { plural, span } from '../format.ts'
import { inTime } from '../in-time.ts'
import { errorText } from '../output.ts'
import type { Shell } from '../shell.ts'

export interface HealthWanted {
  /** Milliseconds by lane. */
  readonly maxLagMs: ReadonlyMap<string, number>
  /** Of their /readyz. */
  readonly gateways: readonly URL[]
}

export interface HealthCheck {
  readonly check: string
  readonly healthy: boolean
  readonly says: string
  /** What to do about it. */
  readonly mend?: string
}

export interface Verdict {
  readonly healthy: boolean
  /** Wall-clock milliseconds. */
  readonly at: number
  readonly tookMs: number
  readonly checks: readonly HealthCheck[]
}

/** A broker, or a gateway, that takes longer does not answer. */
const answerMs = 2_000
/** Everything else that is asked of a log. */
const lookMs = 10_000

export class HealthChecker {
  readonly #config: CompiledConfig
  readonly #wanted: HealthWanted
  readonly #shell: Shell
  #log: Log | undefined
  #lag: LagReader | undefined

  constructor(config: CompiledConfig, wanted: HealthWanted, shell: Shell) {
    this.#config = config
    this.#wanted = wanted
    this.#shell = shell
  }

  async look(): Promise<Verdict> {
    const { clock } = this.#shell
    const begun = clock.monotonic()
    const [log, ...gateways] = await Promise.all([
      this.#lookAtLog(),
      ...this.#wanted.gateways.map((url) => gatewayCheck(url, clock)),
    ])
    const checks = [...(log as readonly HealthCheck[]), ...(gateways as readonly HealthCheck[])]
    return {
      healthy: checks.every(({ healthy }) => healthy),
      at: clock.now(),
      tookMs: Math.round(clock.monotonic() - begun),
      checks,
    }
  }

  async close(): Promise<void> {
    await this.#log?.close()
  }

  async #lookAtLog(): Promise<readonly HealthCheck[]> {
    const directory = directoryOf(this.#config, this.#shell.cwd)
    if (directory !== undefined && !existsSync(join(directory, 'log.db'))) {
      return [well('log', 'there is none yet; the first start or publish makes it')]
    }
    const { clock } = this.#shell
    let log: Log
    try {
      log = await inTime(clock, lookMs, 'opening the log', this.#open())
    } catch (error) {
      return [ill('log', errorText(error), 'See "veltrix doctor".')]
    }
    const checks: HealthCheck[] = []
    if (directory !== undefined) checks.push(...ofFindings([await diskSpace(directory)]))
    try {
      const cluster = await inTime(clock, lookMs, 'asking the brokers', this.#clusterChecks(log))
      checks.push(...cluster.checks)
      // Where a partition has no leader, asking for its end would only wait for one.
      if (cluster.isReadable) checks.push(...this.#lagChecks(await this.#readLag()))
      return checks
    } catch (error) {
      return [...checks, ill('log', errorText(error), 'See "veltrix doctor".')]
    }
  }

  async #open(): Promise<Log> {
    if (this.#log !== undefined) return this.#log
    const { clock } = this.#shell
    const transport = await transportOf(this.#config)
    const log = await transport.open({ clock, clientId: `health:${process.pid}` })
    this.#lag = new LagReader({ log, config: this.#config, clock })
    return (this.#log = log)
  }

  async #clusterChecks(log: Log): Promise<{ checks: readonly HealthCheck[]; isReadable: boolean }> {
    const prefix = `${this.#config.app}.`
    const health = await log.admin.topology?.health?.({ prefix, timeoutMs: answerMs, thorough: false })
    if (health === undefined) return { checks: [well('log', 'it answers')], isReadable: true }
    // Who leads is a matter of load, and told by doctor.
    const findings = [...brokerFindings(health), ...replicaFindings(health).filter(({ check }) => check !== 'leaders')]
    return { checks: ofFindings(findings), isReadable: replicaStates(health).offline.length === 0 }
  }

  #readLag(): Promise<LagReport> {
    return inTime(this.#shell.clock, lookMs, 'reading the lag', this.#lag!.read())
  }

  #lagChecks({ lanes }: LagReport): readonly HealthCheck[] {
    const checks: HealthCheck[] = []
    for (const { subscription, lane, lag, lagSeconds, members } of lanes) {
      const waiting = `${subscription}, lane ${lane}: ${plural(lag, 'event')} wait`
      const limitMs = this.#wanted.maxLagMs.get(lane)
      if (lag > 0 && members.length === 0) {
        checks.push(ill('lag', `${waiting} and no worker takes them`, 'Start the app: veltrix dev, or app.run().'))
      } else if (limitMs !== undefined && lag > 0 && (lagSeconds ?? Infinity) * 1000 > limitMs) {
        const age = lagSeconds === null ? 'for an unknown time' : `the oldest for ${span(lagSeconds * 1000)}`
        checks.push(
          ill(
            'lag',
            `${waiting}, ${age}, allowed ${span(limitMs)}`,
            'Add workers or concurrency, or see what its handlers wait for (veltrix lanes, veltrix doctor).',
          ),
        )
      }
    }
    if (checks.length > 0) return checks
    return [
      well(
        'lag',
        `${plural(
          lanes.reduce((sum, { lag }) => sum + lag, 0),
          'event',
        )} waiting`,
      ),
    ]
  }
}

async function gatewayCheck(url: URL, clock: Clock): Promise<HealthCheck> {
  const enough = new AbortController()
  const mend = 'Look at that gateway: its log, and GET /readyz.'
  try {
    const asked = fetch(url, { signal: enough.signal, redirect: 'error' })
    const response = await inTime(clock, answerMs, 'its answer', asked)
    await response.body?.cancel()
    if (response.status === 200) return well('gateway', `${url.host} is ready`)
    return ill('gateway', `${url.host} is not ready: /readyz answers ${response.status}`, mend)
  } catch (error) {
    const { message, cause } = error as Error
    return ill('gateway', `${url.host} does not answer: ${cause instanceof Error ? cause.message : message}`, mend)
  } finally {
    enough.abort()
  }
}

function ofFindings(findings: readonly Finding[]): HealthCheck[] {
  return findings.map(({ check, status, says, mend }) => ({
    check,
    // Little room on a disk is a warning; a broker or a copy less is already half of an outage.
    healthy: status === 'ok' || (status === 'warn' && check === 'disk'),
    says,
    ...(mend === undefined ? {} : { mend }),
  }))
}

function well(check: string, says: string): HealthCheck {
  return { check, healthy: true, says }
}

function ill(check: string, says: string, mend: string): HealthCheck {
  return { check, healthy: false, says, mend }
}
