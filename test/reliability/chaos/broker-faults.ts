/**
 * Faults of brokers.
 * @module
 */
import type { Eyes, Leadership } from './eyes.ts'
import type { Fault, Stage } from './stage.ts'

export const brokerFaults: readonly Fault[] = [
  {
    name: 'leader-kill',
    about: 'kill -9 of the broker that leads most partitions',
    needs: { 'broker killed': 1, 'leader moved': 1 },
    async run(stage) {
      const { victim, led } = await busiest(stage.eyes)
      await killed(stage, victim)
      await moved(stage, victim, led)
      await stage.last(3_000)
      await restarted(stage, victim)
    },
  },
  {
    name: 'controller-kill',
    about: 'kill -9 of the active controller',
    needs: { 'broker killed': 1, 'controller moved': 1 },
    async run(stage) {
      const victim = await controller(stage)
      await killed(stage, victim)
      const next = await controller(stage, victim)
      stage.seen('controller moved', `from ${victim} to ${next}`)
      await stage.last(3_000)
      await restarted(stage, victim)
    },
  },
  {
    name: 'leader-and-controller-kill',
    about: 'kill -9 of the controller and of a leader at once: two of three when they are not one',
    needs: { 'broker killed': 2, 'publishing stood still': 1 },
    async run(stage) {
      const first = await controller(stage)
      const { victim: second } = await busiest(stage.eyes, first)
      await Promise.all([killed(stage, first), killed(stage, second)])
      await stage.last(8_000)
      await Promise.all([stage.cluster.restart(first, false), stage.cluster.restart(second, false)])
      await stage.eyes.untilInSync()
    },
  },
  {
    name: 'rolling-restart',
    about: 'every broker is asked to end and started again, one after the other',
    needs: { 'broker restarted': 3, 'leader moved': 1 },
    async run(stage) {
      for (const { id } of stage.cluster.nodes) {
        const before = await stage.eyes.leaders()
        await stage.cluster.restart(id)
        stage.seen('broker restarted', `${id}`)
        await stage.eyes.untilInSync()
        const after = await stage.eyes.leaders()
        for (const [at, { leader }] of before) {
          if (after.get(at)!.leader !== leader) stage.seen('leader moved', at)
        }
      }
    },
  },
  {
    name: 'leader-stop',
    about: 'SIGSTOP of the busiest leader for 20 s',
    needs: { 'broker stopped': 1, 'leader moved': 1 },
    async run(stage) {
      const { victim, led } = await busiest(stage.eyes)
      stage.cluster.pause(victim)
      stage.seen('broker stopped', `${victim}`)
      const lasting = stage.last(20_000)
      await moved(stage, victim, led)
      await lasting
      stage.cluster.resume(victim)
      await stage.eyes.untilInSync()
    },
  },
  {
    name: 'leader-stop-kill',
    about: 'SIGSTOP of the busiest leader for 3 s, then kill -9: what its sockets had taken is gone',
    needs: { 'broker killed': 1, 'leader moved': 1 },
    async run(stage) {
      const { victim, led } = await busiest(stage.eyes)
      stage.cluster.pause(victim)
      await stage.last(3_000)
      await killed(stage, victim)
      await moved(stage, victim, led)
      await restarted(stage, victim)
    },
  },
  {
    name: 'two-down',
    about: 'two of three brokers are killed for 15 s: too few copies for any acknowledgement',
    needs: { 'broker killed': 2, 'publishing stood still': 1 },
    async run(stage) {
      const [first, second] = shuffled(
        stage,
        stage.cluster.nodes.map(({ id }) => id),
      ) as [number, number]
      await Promise.all([killed(stage, first), killed(stage, second)])
      await stage.last(15_000)
      await Promise.all([stage.cluster.restart(first, false), stage.cluster.restart(second, false)])
      await stage.eyes.untilInSync()
    },
  },
]

/** The broker that leads most partitions of the events. */
export async function busiest(eyes: Eyes, but?: number): Promise<{ victim: number; led: readonly string[] }> {
  const leaders = await eyes.untilLeaders('a leader of every partition', isLed)
  const led = new Map<number, string[]>()
  for (const [at, { leader }] of leaders) if (leader !== but) led.set(leader, [...(led.get(leader) ?? []), at])
  const [victim, places] = [...led].sort(([, a], [, b]) => b.length - a.length)[0]!
  return { victim, led: places }
}

function isLed(leaders: ReadonlyMap<string, Leadership>): boolean {
  return leaders.size > 0 && [...leaders.values()].every(({ leader }) => leader >= 0)
}

/** Until others lead what `victim` led. */
async function moved(stage: Stage, victim: number, led: readonly string[]): Promise<void> {
  const after = await stage.eyes.untilLeaders(`other leaders than ${victim}`, (leaders) =>
    led.every((at) => ![victim, -1, undefined].includes(leaders.get(at)?.leader)),
  )
  for (const at of led) stage.seen('leader moved', `${at} from ${victim} to ${after.get(at)!.leader}`)
}

async function killed(stage: Stage, id: number): Promise<void> {
  stage.seen('broker killed', `${id}`)
  await stage.cluster.kill(id)
}

async function restarted(stage: Stage, id: number): Promise<void> {
  await stage.cluster.restart(id)
  await stage.eyes.untilInSync()
}

async function controller(stage: Stage, but?: number): Promise<number> {
  for (;;) {
    const id = await stage.cluster.controllerId()
    if (id !== undefined && id !== but) return id
    await stage.last(100)
  }
}

function shuffled<T>(stage: Stage, values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, at: stage.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value)
}
