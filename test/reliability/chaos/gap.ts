/**
 * How long no event is acknowledged after kill -9 of a leader, for several session time-outs of the brokers: read from the publisher's own
 * history, of each partition that the killed broker led. The longest pause of any of them is the figure. A leader that is the active
 * controller too is killed once beside: then another controller has to be elected first, which counts the session from its beginning.
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
  /** Milliseconds, of each round: a leader that was not the controller. */
  readonly rounds: readonly number[]
  /** Milliseconds: a leader that was the controller. */
  readonly withController: number
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
    const [leaders, withController] = [measured.slice(0, rounds), measured[rounds]!]
    gaps.push({ sessionTimeoutMs, rounds: leaders, withController, goalMs, met: Math.max(...leaders) <= goalMs })
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
    // Who comes back leads again what it led, for the next round.
    'leader.imbalance.check.interval.seconds': 1,
    'leader.imbalance.per.broker.percentage': 0,
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
    for (let round = 1; round <= rounds + 1; round++) {
      await eyes.untilLeaders('a partition that each broker leads', (leaders) =>
        cluster.nodes.every(({ id }) => [...leaders.values()].some(({ leader }) => leader === id)),
      )
      // Long enough before each for every partition to have acknowledged something.
      await sleep(systemClock, 2_000)
      const controller = await cluster.controllerId()
      const { victim, led } = round <= rounds ? await busiest(eyes, controller) : await leadBy(eyes, controller)
      kills.push({ t: machineTime(), led })
      await cluster.kill(victim)
      await sleep(systemClock, sessionTimeoutMs + 2 * electionMs)
      await cluster.restart(victim)
      await eyes.untilInSync()
      const who = victim === controller ? 'the controller' : 'a leader'
      note(
        `broker.session.timeout.ms ${sessionTimeoutMs}: ${round} of ${rounds + 1}, ${who} of ${led.length} partitions`,
      )
    }
    await publisher.stop()
    return pauses(directory, kills)
  } finally {
    await rig.stop()
    await cluster.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function leadBy(eyes: Eyes, broker: number | undefined): Promise<{ victim: number; led: readonly string[] }> {
  const leaders = await eyes.leaders()
  return { victim: broker!, led: [...leaders].filter(([, { leader }]) => leader === broker).map(([at]) => at) }
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
