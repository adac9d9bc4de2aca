/**
 * A pipe from one stream to another that is killed again and again, and the check that every event's output is there once.
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { z } from 'zod'
import { systemClock } from '../../src/clock.ts'
import { defineVeltrix, event, veltrix } from '../../src/index.ts'
import { embedded } from '../../src/transport/embedded/index.ts'
import type { Transport } from '../../src/transport/index.ts'
import { kafka } from '../../src/transport/kafka/index.ts'
import { readAll, text } from '../conformance/harness.ts'

const child = fileURLToPath(new URL('pipe-child.ts', import.meta.url))
const step = z.object({ key: z.string(), n: z.number() })
const keys = 20

export function pipeConfig(app: string) {
  return defineVeltrix({
    app,
    lanes: { only: {} },
    streams: {
      in: { key: 'key', partitions: 3, events: { step: event(step) } },
      out: { key: 'key', partitions: 2, events: { made: event(step) } },
    },
    subscriptions: {
      sub: { events: ['step'], exactlyOnce: true, concurrency: 6, retry: { attempts: 5, backoff: '1ms..5ms' } },
    },
    // So quick that a kill mostly comes in the middle of a commit.
    worker: { commitInterval: '5ms', sessionTimeout: '2s' },
  })
}

export function transportOf(kind: 'embedded' | 'kafka', place: string): Transport {
  if (kind === 'embedded') return embedded({ directory: place })
  return kafka({ brokers: place, heartbeatInterval: 200, transactionTimeout: 1_000 })
}

/** Publishes `events`, runs the pipe and kills it `kills` times, lets it end, and checks what it stored. */
export async function killPipe(
  app: string,
  kind: 'embedded' | 'kafka',
  place: string,
  { events, kills, random }: { events: number; kills: number; random: () => number },
): Promise<void> {
  const source = veltrix(pipeConfig(app), { transport: transportOf(kind, place) })
  const items = Array.from({ length: events }, (_, n) => ({ type: 'step', data: { key: `k${n % keys}`, n } }) as const)
  for (const outcome of await source.publishMany(items)) expect(outcome.ok).toBe(true)
  await source.stop()
  for (let life = 0; life < kills; life++) {
    const running = start(app, kind, place)
    await once(running.stdout, 'data')
    await new Promise((resolve) => setTimeout(resolve, random() * 120))
    expect(running.kill('SIGKILL')).toBe(true)
    await once(running, 'exit')
  }
  const last = start(app, kind, place)
  const log = await transportOf(kind, place).open({ clock: systemClock, clientId: 'checker' })
  try {
    const stored = async (): Promise<{ key: string; n: number }[]> => {
      const parts = await Promise.all([0, 1].map((partition) => readAll(log, `${app}.out.only`, partition)))
      return parts.flat().map((record) => JSON.parse(text(record.value)!) as { key: string; n: number })
    }
    await expect.poll(async () => (await stored()).length, { timeout: 90_000 }).toBeGreaterThanOrEqual(events)
    last.kill('SIGTERM')
    await once(last, 'exit')
    const all = await stored()
    expect(all.map(({ n }) => n).toSorted((a, b) => a - b)).toEqual(items.map(({ data }) => data.n))
    for (let key = 0; key < keys; key++) {
      const mine = all.filter((each) => each.key === `k${key}`).map(({ n }) => n)
      expect(mine).toEqual(mine.toSorted((a, b) => a - b))
    }
  } finally {
    last.kill('SIGKILL')
    await log.close()
  }
}

function start(app: string, kind: string, place: string) {
  return spawn(process.execPath, [child, app, kind, place], { stdio: ['ignore', 'pipe', 'inherit'] })
}
