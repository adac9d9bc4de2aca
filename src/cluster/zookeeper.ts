/**
 * One ZooKeeper, which the brokers of a Kafka 3.9 cluster agree by.
 * @module
 */
import { writeFile } from 'node:fs/promises'
import { sleep, type Clock } from '../clock.ts'
import type { Guarded } from './guarded.ts'
import type { JavaPrograms } from './java-programs.ts'
import { isOpen } from './ports.ts'
import { propertiesText, zookeeperProperties } from './settings.ts'

export interface ZookeeperStart {
  readonly port: number
  readonly directory: string
  readonly timeoutMs: number
  readonly clock: Clock
  readonly signal: AbortSignal
}

const pollMs = 50

/**
 * Resolves when it takes connections. What was started is ended again when that fails.
 * @throws ClusterNodeFailed, the signal's reason
 */
export async function startZookeeper(programs: JavaPrograms, how: ZookeeperStart): Promise<Guarded> {
  const { port, directory, timeoutMs, clock, signal } = how
  await writeFile(programs.propertiesFile('zookeeper'), propertiesText(zookeeperProperties(port, directory)))
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain'
  const { process, since } = await programs.start('zookeeper', main, ['-Xms32m', '-Xmx128m'])
  try {
    for (const deadline = clock.monotonic() + timeoutMs; !(await isOpen(port)); await sleep(clock, pollMs)) {
      signal.throwIfAborted()
      if (!process.alive) throw await programs.failure('zookeeper', 'ended while it started', since)
      if (clock.monotonic() > deadline)
        throw await programs.failure('zookeeper', `did not answer within ${timeoutMs} ms`, since)
    }
    return process
  } catch (error) {
    await process.kill()
    throw error
  }
}
