/**
 * How long no event is acknowledged after kill -9 of a leader, for several session time-outs of the brokers: read from the publisher's own
 * history, of each partition that the killed broker led. The longest pause of any of them is the figure.
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep, systemClock } from '../../../src/clock.ts'
import { KafkaCluster } from '../../../src/cluster/index.ts'
import { veltrix } from '../../../src/index.ts'
import { kafka } from '../../../src/transport/kafka/index.ts'
import { busiest } from './broker-faults.ts'
import { ChaosProcess } from './children.ts'
import { Eyes } from './eyes.ts'
import { Journal, machineTime } from './history/journal.ts'
import { historyOf } from './history/merge.ts'
import { keyCount, workload } from './workload.ts'

export interface GapOptions {
  /** `broker.session.timeout.ms` of each cluster. */
  readonly sessionTimeoutsMs: readonly number[]
  /** Kills on each. */
  readonly rounds: number
  readonly seed: number
  readonly note: (text: string) => void
}

export interface Gap {
  readonly sessionTimeoutMs: number
  /** Milliseconds, of each round. */
  readonly rounds: readonly number[]
  readonly goalMs: number
  readonly met: boolean
}

/** After the controller has given up on a broker: to elect another leader, and for the publisher to hear of it. */
const electionMs = 3_000
const ratePerSecond = 330

export async function measureGaps({ sessionTimeoutsMs, rounds, seed, note }: GapOptions): Promise<Gap[]> {
  const gaps: Gap[] = []
  for (const sessionTimeoutMs of sessionTimeoutsMs) {
    const measured = await measure(sessionTimeoutMs, rounds, seed, note)
    const goalMs = sessionTimeoutMs + electionMs
    gaps.push({ sessionTimeoutMs, rounds: measured, goalMs, met: Math.max(...measured) <= goalMs })
  }
  return gaps
}

interface Kill {
  readonly t: number
  readonly led: readonly string[]
}

async function measure(
  sessionTimeoutMs: number,
  rounds: number,
  seed: number,
  note: (text: string) => void,
): Promise<number[]> {
  const directory = mkdtempSync(join(tmpdir(), 'veltrix-gap-'))
  const heartbeatMs = Math.min(2_000, Math.floor(sessionTimeoutMs / 3))
  const properties = {
    'broker.session.timeout.ms': sessionTimeoutMs,
    'broker.heartbeat.interval.ms': heartbeatMs,
  }
  const cluster = await KafkaCluster.start({ properties: () => properties })
  const app = 'gap'
  const rig = veltrix(workload(app, 5_000), { transport: kafka({ brokers: cluster.brokers }) })
  const journal = new Journal(directory, 'rig')
  const about = { name: 'publisher-1', directory, brokers: cluster.brokers, app, sessionMs: 5_000 }
  try {
    const eyes = new Eyes(await rig.open(), rig.config, journal, cluster.brokers)
    const load = { firstKey: 0, keys: keyCount, rate: ratePerSecond, seed, mix: { slowShare: 0, slowMs: 0 } }
    const publisher = new ChaosProcess('publisher-child.ts', { ...about, ...load, acks: 'all' }, journal)
    await publisher.ready
    const kills: Kill[] = []
    for (let round = 1; round <= rounds; round++) {
      // Long enough before each for every partition to have acknowledged something.
      await sleep(systemClock, 2_000)
      const { victim, led } = await busiest(eyes)
      kills.push({ t: machineTime(), led })
      await cluster.kill(victim)
      await sleep(systemClock, sessionTimeoutMs + electionMs)
      await cluster.restart(victim)
      await eyes.untilInSync()
      note(`broker.session.timeout.ms ${sessionTimeoutMs}: ${round} of ${rounds}, ${led.length} partitions were led`)
    }
    await publisher.stop()
    return pauses(directory, kills)
  } finally {
    await rig.stop()
    await cluster.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** The longest time between two acknowledgements of a partition, of those whose leader was killed, that the kill lies in or begins. */
async function pauses(directory: string, kills: readonly Kill[]): Promise<number[]> {
  const longest = kills.map(() => 0)
  const last = new Map<string, number>()
  for await (const line of historyOf(directory)) {
    if (line.what !== 'acked' || line.at === undefined) continue
    const { at, t } = line
    const round = kills.findLastIndex((kill) => kill.t < t)
    const kill = kills[round]
    if (kill?.led.includes(at)) longest[round] = Math.max(longest[round]!, t - (last.get(at) ?? kill.t))
    last.set(at, t)
  }
  return longest
}
