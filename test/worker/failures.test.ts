/** What follows from a failing handler: who waits and how long, what counts, what is an outage and what is poison. @module */
import { describe, expect, it } from 'vitest'
import { channelOf } from '../../src/channels.ts'
import { RetryAfter, Unrecoverable, veltrix } from '../../src/index.ts'
import { testApp } from '../../src/testing/index.ts'
import { advancing, gate, handledBy, heard, kept, publishSteps, steps, until } from './steps.ts'

const hour = 3_600_000

describe('a failing event', () => {
  it('holds back its own key only, for as long as its handler says', async () => {
    let failing = true
    const app = veltrix(steps()).handle('sub', 'step', ({ data }) => {
      if (data.key === 'a' && failing) throw new RetryAfter(hour)
    })
    await using test = await testApp(app)
    const retry = heard('veltrix:worker:retry')
    await publishSteps(test, 'a', 1, 2)
    expect(await retry).toMatchObject({ key: 'a', attempt: 1, delayMs: hour })
    await publishSteps(test, 'b', 1, 3)
    await test.handled('step', { key: 'b', n: 3 })
    failing = false
    // Advancing fires at once whatever is due: nothing of the key is.
    test.clock.advance(hour - 60_000)
    await publishSteps(test, 'b', 4, 4)
    await test.handled('step', { key: 'b', n: 4 })
    expect(test.app.status()[0]!.waitingKeys).toBe(1)
    expect(handledBy(test)).toEqual(['b1', 'b2', 'b3', 'b4'])
    test.clock.advance(60_001)
    await test.handled('step', { key: 'a', n: 2 })
    expect(handledBy(test).slice(4)).toEqual(['a1', 'a2'])
    expect(test.outcomes.find(({ event }) => event.data.key === 'a')).toMatchObject({ attempt: 2 })
  })

  it('waits with full jitter, doubling, up to the maximum', async () => {
    const delays: number[] = []
    const note = (message: unknown): void => void delays.push((message as { delayMs: number }).delayMs)
    channelOf('veltrix:worker:retry').subscribe(note)
    const config = steps({ retry: { attempts: 5, backoff: '1s..4s' } })
    const app = veltrix(config, { random: () => 0.5 }).handle('sub', 'step', () => {
      throw new Error('again')
    })
    await using test = await testApp(app)
    await publishSteps(test, 'a', 1, 1)
    await advancing(test, 5_000, test.dead('step'))
    channelOf('veltrix:worker:retry').unsubscribe(note)
    expect(delays).toEqual([500, 1_000, 2_000, 2_000])
  })

  it('that says it can never work is dead after one attempt, with its story', async () => {
    const app = veltrix(steps({ retry: { attempts: 9 } })).handle('sub', 'step', () => {
      throw new Unrecoverable('no such customer', { cause: new TypeError('id is empty') })
    })
    await using test = await testApp(app)
    await publishSteps(test, 'a', 1, 1)
    const letters = await kept(test, 1)
    const [letter] = (await letters.list('sub')).letters
    expect(letter).toMatchObject({ reason: 'unrecoverable', attempts: 1, key: 'a' })
    const { story } = await letters.show('sub', letter!.id)
    expect(story!.chain.map(({ name, message }) => `${name}: ${message}`)).toEqual([
      'Unrecoverable: no such customer',
      'TypeError: id is empty',
    ])
  })
})

describe('an outage', () => {
  const breaker = { minKeys: 3, windowKeys: 10, failingShare: 0.5, probe: '1s..2s' }
  const keys = Array.from({ length: 10 }, (_, index) => `k${index}`)

  it('slows everything down and costs no event: nothing dies however long it lasts', async () => {
    let down = true
    let calls = 0
    const app = veltrix(steps({ breaker })).handle('sub', 'step', () => {
      calls++
      if (down) throw new Error('the provider is down')
    })
    await using test = await testApp(app)
    const opened = heard('veltrix:worker:breaker', ({ state }) => state === 'open')
    for (const key of keys) await publishSteps(test, key, 1, 1)
    expect(await opened).toMatchObject({ subscription: 'sub', failingKeys: 3, seenKeys: 3 })
    // Forty probes on, each of which fails; with two attempts each event would be long dead.
    const probed = calls + 40
    await advancing(test, 2_500, until(test, () => calls >= probed)) // prettier-ignore
    expect(test.outcomes).toEqual([])
    down = false
    const all = Promise.all(keys.map((key) => test.handled('step', { key })))
    await advancing(test, 2_500, all)
    expect(handledBy(test).toSorted()).toEqual(keys.map((key) => `${key}1`))
    for (const { attempt } of test.outcomes) expect(attempt).toBeLessThanOrEqual(2)
  })

  it('is told from one poison key, which becomes a dead letter while the others go on', async () => {
    const states: string[] = []
    const note = (message: unknown): void => void states.push((message as { state: string }).state)
    channelOf('veltrix:worker:breaker').subscribe(note)
    const app = veltrix(steps({ breaker, retry: { attempts: 4, backoff: '1ms..2ms' } })).handle(
      'sub',
      'step',
      ({ data }) => {
        if (data.key === 'k4') throw new Error('poison')
      },
    )
    await using test = await testApp(app)
    for (const key of keys) await publishSteps(test, key, 1, 1)
    expect(await test.dead('step', { key: 'k4' })).toMatchObject({ reason: 'attempts-exhausted' })
    for (const key of keys) if (key !== 'k4') await test.handled('step', { key })
    channelOf('veltrix:worker:breaker').unsubscribe(note)
    expect(states).toEqual([])
    const [letter] = (await (await kept(test, 1)).list('sub')).letters
    expect(letter).toMatchObject({ key: 'k4', attempts: 4 })
  })
})

describe('a batch', () => {
  const batch = { maxEvents: 3, maxWait: '20ms' }

  it('counts the attempts of each member: one that fails dies alone', async () => {
    const seen: string[] = []
    const app = veltrix(steps({ batch, retry: { attempts: 3, backoff: '1ms..2ms' } })).handleBatch(
      'sub',
      'step',
      (events, ctx) => {
        for (const [index, { data }] of events.entries()) seen.push(`${data.key} ${ctx.events[index]!.attempt}`)
        return events.map(({ data }) => (data.key === 'b' ? new Error('b fails') : undefined))
      },
    )
    await using test = await testApp(app)
    await test.app.publishMany(['a', 'b', 'c'].map((key) => ({ type: 'step', data: { key, n: 1 } })))
    expect(await test.dead('step', { key: 'b' })).toMatchObject({ reason: 'attempts-exhausted' })
    await Promise.all([test.handled('step', { key: 'a' }), test.handled('step', { key: 'c' })])
    expect(seen.toSorted()).toEqual(['a 1', 'b 1', 'b 2', 'b 3', 'c 1'])
  })

  it('that throws fails all of its members', async () => {
    let calls = 0
    const app = veltrix(steps({ batch })).handleBatch('sub', 'step', () => {
      if (++calls === 1) throw new Error('all of them')
    })
    await using test = await testApp(app)
    await test.app.publishMany(['a', 'b', 'c'].map((key) => ({ type: 'step', data: { key, n: 1 } })))
    for (const key of ['a', 'b', 'c']) expect((await test.handled('step', { key })).attempt).toBe(2)
  })

  it('has one time limit and one signal, of all its members', async () => {
    const running = gate()
    const reasons: unknown[] = []
    const app = veltrix(steps({ batch, timeout: '10s', retry: { attempts: 1 } })).handleBatch(
      'sub',
      'step',
      (events, ctx) => {
        running.open()
        return new Promise((_, reject) => {
          for (const { signal } of [ctx, ...ctx.events]) signal.addEventListener('abort', () => reasons.push(signal))
          ctx.signal.addEventListener('abort', () => reject(new Error(`gave up on ${events.length}`)))
        })
      },
    )
    await using test = await testApp(app)
    await test.app.publishMany(['a', 'b', 'c'].map((key) => ({ type: 'step', data: { key, n: 1 } })))
    await running.opened
    test.clock.advance(10_500)
    for (const key of ['a', 'b', 'c']) {
      expect(await test.dead('step', { key })).toMatchObject({
        error: { code: 'VLX_HANDLER_TIMEOUT', cause: expect.objectContaining({ message: 'gave up on 3' }) },
      })
    }
    expect(reasons).toHaveLength(4)
    expect(new Set(reasons).size).toBe(1)
  })
})
