/**
 * A small application for tests of the worker, and ways to follow it without waiting for time to pass.
 * @module
 */
import { z } from 'zod'
import { channelOf, type ChannelMessages, type ChannelName } from '../../src/channels.ts'
import { defineVeltrix, event, type DeadLetters } from '../../src/index.ts'
import type { TestApp } from '../../src/testing/index.ts'

const step = z.object({ key: z.string(), n: z.number() })

/** One stream with one partition, one subscription of one type. */
export function steps(subscription: object = {}, more: object = {}) {
  return defineVeltrix({
    app: 'steps',
    streams: { s: { key: 'key', partitions: 1, events: { step: event(step, { lane: 'standard' }) } } },
    subscriptions: { sub: { events: ['step'], retry: { attempts: 2, backoff: '1ms..2ms' }, ...subscription } },
    ...more,
  })
}

export type StepsTest = TestApp<ReturnType<typeof steps>, any>

/** Settable from outside, awaited inside a handler. */
export function gate(): { open: () => void; opened: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { open: resolve, opened: promise }
}

/** The next message of a channel that fits. */
export function heard<Name extends ChannelName>(
  name: Name,
  fits: (message: ChannelMessages[Name]) => boolean = () => true,
): Promise<ChannelMessages[Name]> {
  return new Promise((resolve) => {
    const listen = (message: unknown): void => {
      if (!fits(message as ChannelMessages[Name])) return
      channelOf(name).unsubscribe(listen)
      resolve(message as ChannelMessages[Name])
    }
    channelOf(name).subscribe(listen)
  })
}

export async function publishSteps(test: StepsTest, key: string, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n++) await test.app.publish('step', { key, n })
}

/** Dead letters of "sub", once there are `count` of them. */
export async function kept(test: TestApp<any, any>, count: number): Promise<DeadLetters> {
  const letters = await test.app.deadLetters()
  while ((await letters.list('sub')).letters.length < count) await test.clock.yield()
  return letters
}

/** Until `holds`, asked again whenever input and output have had their turn. */
export async function until(test: StepsTest, holds: () => boolean): Promise<void> {
  while (!holds()) await test.clock.yield()
}

/** Lets time pass in steps until `end`: each step fires what waits, and the log answers in real time. */
export async function advancing<T>(test: StepsTest, ms: number, end: Promise<T>): Promise<T> {
  let ended = false
  void end.finally(() => (ended = true)).catch(() => {})
  while (!ended) {
    test.clock.advance(ms)
    await test.clock.yield()
  }
  return end
}

/** What was handled, as `a1`, in order. */
export function handledBy(test: StepsTest): string[] {
  return test.outcomes.filter(({ what }) => what === 'handled').map(({ event }) => `${event.data.key}${event.data.n}`)
}
