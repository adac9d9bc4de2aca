/**
 * `dev --kafka`: the same application, its log exchanged for a Kafka cluster.
 * @module
 */
import { clusterDirectory, findKeeper, startCluster, type Cluster } from '../../cluster/index.ts'
import { LogVersionMismatch, type Transport } from '../../transport/index.ts'
import { kafka } from '../../transport/kafka/index.ts'
import { shown, type LoadedApp } from '../app-module.ts'
import { UsageInvalid } from '../errors.ts'
import type { Output } from '../output.ts'
import type { Shell } from '../shell.ts'
import { Interrupts } from './interrupts.ts'

export interface OnKafka {
  readonly loaded: LoadedApp
  /** What the view calls the log. */
  readonly place: string
  /** Ends what was started for this run. */
  close(): Promise<void>
}

/**
 * The app on `brokers`; without them on the cluster that is up in this directory, or on one that is started for this run. `interrupted`
 * when a signal came first.
 * @throws LogVersionMismatch when the client package is missing, ClusterToolMissing and the other errors of a start
 */
export async function onKafka(
  app: LoadedApp,
  brokers: string | undefined,
  shell: Shell,
  out: Output,
): Promise<OnKafka | 'interrupted'> {
  requireClient()
  const interrupts = new Interrupts(shell)
  let cluster: Cluster | undefined
  try {
    const place = brokers ?? (await brokersUp(shell, out))
    if (place === undefined) cluster = await startForThisRun(shell, out, interrupts.signal)
    const running = place ?? cluster!.brokers.join(',')
    const copy = app.app.with({ transport: transportOn(running) })
    return {
      loaded: { ...app, app: copy, config: copy.config },
      place: `Kafka ${running}`,
      close: async () => cluster?.stop(),
    }
  } catch (error) {
    await cluster?.stop()
    if (interrupts.signal.aborted) return 'interrupted'
    throw error
  } finally {
    interrupts.close()
  }
}

/** @throws UsageInvalid when it is no list of `host:port` */
function transportOn(brokers: string): Transport {
  try {
    return kafka({ brokers })
  } catch (error) {
    if (error instanceof RangeError) throw new UsageInvalid(`--brokers: ${error.message}`)
    throw error
  }
}

/** Before a cluster is started for it. @throws LogVersionMismatch */
function requireClient(): void {
  try {
    import.meta.resolve('@platformatic/kafka')
  } catch (cause) {
    throw new LogVersionMismatch(
      'Kafka needs the package @platformatic/kafka, which is not installed. Run "npm install @platformatic/kafka@2".',
      { cause },
    )
  }
}

async function brokersUp(shell: Shell, out: Output): Promise<string | undefined> {
  const directory = clusterDirectory(shell.cwd)
  const found = await findKeeper(directory)
  if (found === undefined || found.phase === 'starting') return undefined
  const brokers = found.brokers.map(({ address }) => address).join(',')
  out.note(`Kafka: the cluster that is up in ${shown(directory, shell.cwd)} (${brokers}).`)
  return brokers
}

async function startForThisRun(shell: Shell, out: Output, signal: AbortSignal): Promise<Cluster> {
  out.note('Kafka: starting a cluster of 3 brokers for this run ("veltrix cluster up" keeps one).')
  const { clock, env } = shell
  return await startCluster({ brokers: 3, clock, env, signal, note: (line) => out.note(`  ${line}`) })
}
