/**
 * What a fault may touch while a run goes on.
 * @module
 */
import type { KafkaCluster } from '../../../src/cluster/index.ts'
import type { Random } from '../../support/scenario.ts'
import type { ChaosProcess } from './children.ts'
import type { Eyes } from './eyes.ts'
import type { Mix } from './workload.ts'

export interface Stage {
  readonly cluster: KafkaCluster
  readonly eyes: Eyes
  readonly random: Random
  readonly sessionMs: number
  /** Workers that run, oldest first. */
  readonly workers: readonly ChaosProcess[]
  /** Resolves when it is ready. */
  startWorker(): Promise<ChaosProcess>
  /** From now on publishers draw their events so. */
  mix(mix: Mix): void
  /** The fault lasts. */
  last(ms: number): Promise<void>
  /** Writes down that something happened that the fault is about. */
  seen(kind: string, text?: string): void
}

export interface Fault {
  readonly name: string
  readonly about: string
  /** What has to be in the history for the fault to have happened, and how often at least. */
  readonly needs: Readonly<Record<string, number>>
  /** Share of slow events the fault is to find, when that matters. */
  readonly mix?: Mix
  /** Resolves when it is over: what was killed runs again, what was stopped goes on. */
  run(stage: Stage): Promise<void>
}
