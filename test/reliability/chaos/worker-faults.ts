/**
 * Faults of workers, and of what they write.
 * @module
 */
import type { Fault, Stage } from './stage.ts'

const kills = 2

function killing(where: 'before' | 'in' | 'after', about: string, more: Readonly<Record<string, number>>): Fault {
  return {
    name: `worker-kill-${where}`,
    about,
    needs: { [`died ${where} a handler`]: kills, ...more },
    async run(stage) {
      for (let nth = 0; nth < kills; nth++) {
        const victim = stage.random.pick(stage.workers)
        victim.tell(`die ${where}`)
        await victim.ended
        await stage.startWorker()
      }
    },
  }
}

/** So long that handlers are running whenever a worker is stopped. */
const slow = { slowShare: 0.05, slowMs: 3_000 }

export const workerFaults: readonly Fault[] = [
  killing('before', 'a worker kills itself (-9) when a handler is about to be called', {}),
  killing('in', 'a worker kills itself (-9) in a handler, after its effect', { 'handlers were cut': kills }),
  killing('after', 'a worker kills itself (-9) when a handler has returned, before that is committed', {}),
  {
    name: 'worker-stop',
    about: 'SIGSTOP of a worker for longer than its session, in the middle of handlers',
    needs: { 'handlers were stopped': 1, lost: 1, assigned: 2 },
    mix: slow,
    async run(stage) {
      const victim = stage.random.pick(stage.workers)
      await stage.last(2_000)
      victim.suspend()
      await stage.last(stage.sessionMs + 4_000)
      victim.goOn()
      // Long enough to notice, and to come back into the group.
      await stage.last(4_000)
    },
  },
  {
    name: 'scale',
    about: 'workers 1 → 4 → 1 every 4 s, with handlers of 3 s',
    needs: { assigned: 8, revoked: 4, left: 6 },
    mix: slow,
    async run(stage) {
      await downTo(stage, 1)
      for (let cycle = 0; cycle < 2; cycle++) {
        await stage.last(4_000)
        const more = await Promise.all([stage.startWorker(), stage.startWorker(), stage.startWorker()])
        await Promise.all(more.map(({ holding }) => holding))
        await stage.last(4_000)
        await downTo(stage, 1)
      }
      await stage.startWorker()
    },
  },
  {
    name: 'dead-not-writable',
    about: 'for 10 s the dead topics take nothing (max.message.bytes below any letter)',
    needs: { 'not writable': 1, 'trouble: keep a dead letter': 1, letter: 1 },
    async run(stage) {
      await stage.eyes.limitDeadTopics(100)
      stage.seen('not writable')
      await stage.last(10_000)
      await stage.eyes.limitDeadTopics(undefined)
    },
  },
]

/** Those that leave are asked to, all at once. */
async function downTo(stage: Stage, count: number): Promise<void> {
  await Promise.all(stage.workers.slice(count).map((worker) => worker.stop()))
}
