/** Turns in a flood: who is answered waits for the next, everybody gets one, and an urgent connection never waits. */
import { Agent, request } from 'node:http'
import { Socket } from 'node:net'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { Turns } from '../../src/gateway/turns.ts'
import { VirtualClock } from '../../src/testing/index.ts'
import { binary, running } from './running.ts'

/** Whether it is read. */
class Reading extends Socket {
  isPausedNow = false
  override pause(): this {
    this.isPausedNow = true
    return this
  }
  override resume(): this {
    this.isPausedNow = false
    return this
  }
}

const sockets = (count: number): Reading[] => Array.from({ length: count }, () => new Reading())
const paused = (all: readonly Reading[]): number => all.filter(({ isPausedNow }) => isPausedNow).length
const small = 1_000

test('a few at a time never wait', async () => {
  const turns = new Turns({ clock: systemClock, isLogAnswering: () => true })
  const few = sockets(8)
  for (let nth = 0; nth < 50; nth++) {
    for (const answered of few.map((socket) => turns.take(socket, small))) answered()
    expect(paused(few)).toBe(0)
    await systemClock.yield()
  }
})

test('in a flood who is answered waits, and some are read in each round', async () => {
  const turns = new Turns({ clock: systemClock, isLogAnswering: () => true })
  const many = sockets(200)
  for (const answered of many.map((socket) => turns.take(socket, small))) answered()
  expect(paused(many)).toBe(200)
  let before = 200
  while (before > 0) {
    await systemClock.yield()
    const now = paused(many)
    expect(before - now).toBeLessThanOrEqual(16)
    before = now
  }
})

test('while much is on its way nobody more is read, unless the log is silent', async () => {
  const clock = new VirtualClock()
  let isLogAnswering = true
  const turns = new Turns({ clock, isLogAnswering: () => isLogAnswering })
  const stuck = sockets(200)
  const answers = stuck.map((socket) => turns.take(socket, small))
  const waiting = sockets(5)
  for (const answered of waiting.map((socket) => turns.take(socket, small))) answered()
  await clock.advance(1_000)
  expect(paused(waiting)).toBe(5)
  isLogAnswering = false
  await clock.advance(1_000)
  expect(paused(waiting)).toBe(0)
  for (const answered of answers) answered()
  await clock.advance(1_000)
  expect(paused(stuck)).toBe(0)
})

test('whatever comes and is answered in whatever order, at the end everybody is read', async () => {
  const step = fc.record({ socket: fc.nat(40), bytes: fc.integer({ min: 0, max: 200_000 }), later: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { maxLength: 60 }), { maxLength: 12 }), async (rounds) => {
      const clock = new VirtualClock()
      const turns = new Turns({ clock, isLogAnswering: () => true })
      const all = sockets(41)
      const late: (() => void)[] = []
      for (const round of rounds) {
        for (const { socket, bytes, later } of round) {
          const answered = turns.take(all[socket]!, bytes)
          if (later) late.push(answered)
          else answered()
        }
        await clock.advance(10)
      }
      for (const answered of late) answered()
      await clock.advance(10_000)
      expect(paused(all)).toBe(0)
    }),
    { numRuns: 60 },
  )
})

test('on real connections a flood is answered to the last one', async () => {
  const { url, stored } = await running()
  const agent = new Agent({ keepAlive: true, maxSockets: 300 })
  onTestFinished(() => agent.destroy())
  const post = (id: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = binary(id, { 'ce-type': 'order.exported' })
      const asked = request(`${url}/events`, { method: 'POST', agent, headers }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode!))
      })
      asked.once('error', reject)
      asked.end('{"orderId":"o"}')
    })
  const statuses = await Promise.all(Array.from({ length: 1_500 }, (_, nth) => post(`e-${nth}`)))
  expect(new Set(statuses)).toEqual(new Set([202]))
  expect(await stored()).toHaveLength(1_500)
})
