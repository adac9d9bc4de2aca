import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineVeltrix, event, Unrecoverable, veltrix } from '../../src/index.ts'
import { HandlerInvalid } from '../../src/worker/index.ts'
import { testApp, type TestApp } from '../../src/testing/index.ts'
import { gate, heard, kept } from './steps.ts'

const step = z.object({ key: z.string(), n: z.number() })

function config(subscription: object = {}, more: object = {}) {
  return defineVeltrix({
    app: 'w',
    streams: {
      s: { key: 'key', partitions: 1, events: { step: event(step, { lane: 'standard' }), other: event(step) } },
    },
    subscriptions: { sub: { events: ['step'], retry: { attempts: 2, backoff: '1ms..2ms' }, ...subscription } },
    ...more,
  })
}

async function publishSteps(
  test: TestApp<ReturnType<typeof config>>,
  key: string,
  from: number,
  to: number,
): Promise<void> {
  for (let n = from; n <= to; n++) await test.app.publish('step', { key, n })
}

describe('Worker', () => {
  it('refuses handlers that do not fit the file, naming what there is', async () => {
    const app = veltrix(config()) as any
    expect(() => app.handle('subb', 'step', () => {})).toThrow(/no subscription "subb".*sub/)
    expect(() => app.handle('sub', 'other', () => {})).toThrow(/does not take "other".*step/)
    expect(() => app.handle('sub', 'step', 7)).toThrow(HandlerInvalid)
    app.handle('sub', 'step', () => {})
    expect(() => app.handle('sub', 'step', () => {})).toThrow(/already/)
    await expect(veltrix(config()).start({ subscriptions: ['sub'] })).rejects.toThrow(HandlerInvalid)
  })

  it('runs keys of one partition side by side, events of a key one by one', async () => {
    const first = gate()
    const order: string[] = []
    const app = veltrix(config()).handle('sub', 'step', async ({ data }) => {
      if (data.key === 'slow' && data.n === 1) await first.opened
      order.push(`${data.key}${data.n}`)
    })
    await using test = await testApp(app)
    await publishSteps(test, 'slow', 1, 2)
    await publishSteps(test, 'fast', 1, 3)
    await test.handled('step', { key: 'fast', n: 3 })
    expect(order).toEqual(['fast1', 'fast2', 'fast3'])
    first.open()
    await test.handled('step', { key: 'slow', n: 2 })
    expect(order.slice(3)).toEqual(['slow1', 'slow2'])
  })

  it('passes over types the subscription does not take', async () => {
    await using test = await testApp(veltrix(config()).handle('sub', 'step', () => {}))
    await test.app.publish('other', { key: 'a', n: 1 })
    await test.app.publish('step', { key: 'a', n: 2 })
    await test.handled('step', { n: 2 })
    expect(test.outcomes).toHaveLength(1)
  })

  it('goes on where it was after a stop, with nothing repeated', async () => {
    const seen: number[] = []
    const make = () => veltrix(config()).handle('sub', 'step', ({ data }) => void seen.push(data.n))
    const base = await testApp(make())
    await publishSteps(base, 'a', 1, 3)
    await base.handled('step', { n: 3 })
    const { transport } = base
    await base.app.stop()
    const again = await testApp(make(), { transport })
    await publishSteps(again, 'a', 4, 4)
    await again.handled('step', { n: 4 })
    await again.stop()
    await base.stop()
    expect(seen).toEqual([1, 2, 3, 4])
  })

  it('aborts a handler at its time-out, holds its key until it returns, and counts the attempt', async () => {
    const ignores = gate()
    const reasons: unknown[] = []
    let running = 0
    let overlapped = false
    const app = veltrix(config({ timeout: '10s' })).handle('sub', 'step', async ({ data }, ctx) => {
      overlapped ||= ++running > 1
      try {
        if (data.n !== 1 || ctx.attempt > 1) return
        ctx.signal.addEventListener('abort', () => reasons.push(ctx.signal.reason))
        await ignores.opened
        throw new Error('gave up')
      } finally {
        running--
      }
    })
    await using test = await testApp(app)
    const started = heard('veltrix:worker:started', ({ attempt }) => attempt === 1)
    await publishSteps(test, 'a', 1, 2)
    await started
    const stuck = heard('veltrix:worker:stuck')
    test.clock.advance(10_500)
    expect(reasons).toEqual([expect.objectContaining({ code: 'VLX_HANDLER_TIMEOUT', timeoutMs: 10_000 })])
    test.clock.advance(10_500)
    await stuck
    const retry = heard('veltrix:worker:retry')
    ignores.open()
    expect((await retry).error).toMatchObject({
      code: 'VLX_HANDLER_TIMEOUT',
      cause: expect.objectContaining({ message: 'gave up' }),
    })
    expect((await test.handled('step', { n: 2 })).attempt).toBe(1)
    expect((await test.handled('step', { n: 1 })).attempt).toBe(2)
    expect(overlapped).toBe(false)
  })

  it('takes a late success of a timed-out handler as success', async () => {
    const late = gate()
    const app = veltrix(config({ timeout: '10s' })).handle('sub', 'step', () => late.opened)
    await using test = await testApp(app)
    const started = heard('veltrix:worker:started')
    await publishSteps(test, 'a', 1, 1)
    await started
    test.clock.advance(11_000)
    late.open()
    expect((await test.handled('step')).attempt).toBe(1)
  })

  it('gives batches at most one event of a key, and takes a result for each', async () => {
    const sizes: string[][] = []
    const failOnce = new Set(['b1'])
    const app = veltrix(config({ batch: { maxEvents: 3, maxWait: '20ms' } })).handleBatch(
      'sub',
      'step',
      (events, ctx) => {
        expect(ctx.events).toHaveLength(events.length)
        const names = events.map(({ data }) => `${data.key}${data.n}`)
        sizes.push(names)
        return names.map((name) => (failOnce.delete(name) ? new Error('once') : 'ok'))
      },
    )
    await using test = await testApp(app)
    await test.app.publishMany(
      ['a', 'b', 'c', 'a', 'b', 'c'].map((key, i) => ({ type: 'step', data: { key, n: i < 3 ? 1 : 2 } })),
    )
    for (const key of ['a', 'b', 'c']) for (const n of [1, 2]) await test.handled('step', { key, n })
    for (const names of sizes) expect(new Set(names.map((name) => name[0])).size).toBe(names.length)
    expect(Math.max(...sizes.map(({ length }) => length))).toBe(3)
    expect(sizes.flat().filter((name) => name === 'b1')).toHaveLength(2)
    expect(sizes.flat().filter((name) => name !== 'b1')).toHaveLength(5)
  })

  it('a wrong batch result fails every event of the batch', async () => {
    const app = veltrix(config({ retry: { attempts: 1 } })).handleBatch('sub', 'step', (() => [
      new Error('x'),
      'ok',
      'ok',
    ]) as any)
    await using test = await testApp(app)
    await publishSteps(test, 'a', 1, 1)
    expect(await test.dead('step')).toMatchObject({ error: { code: 'VLX_HANDLER_INVALID' } })
  })

  it('starts nothing of a paused lane, and goes on when resumed', async () => {
    await using test = await testApp(veltrix(config()).handle('sub', 'step', () => {}))
    test.app.pause('sub', { lane: 'standard' })
    await publishSteps(test, 'a', 1, 1)
    await test.app.publish('step', { key: 'b', n: 2 }, { lane: 'critical' })
    await test.handled('step', { n: 2 })
    expect(test.outcomes).toHaveLength(1)
    expect(test.app.status()[0]!.lanes.find(({ lane }) => lane === 'standard')!.paused).toBe(true)
    test.app.resume('sub')
    await test.handled('step', { n: 1 })
    expect(() => test.app.pause('sub', { lane: 'none' as never })).toThrow(/no lane "none"/)
  })

  it('wraps handlers in middleware, first registered outermost', async () => {
    const trace: string[] = []
    const app = veltrix(config())
      .use(async (_, ctx, next) => {
        trace.push(`in ${ctx.subscription}`)
        await next()
        trace.push('out')
      })
      .use((_event, _ctx, next) => {
        trace.push('inner')
        return next()
      })
      .handle('sub', 'step', () => void trace.push('handler'))
    await using test = await testApp(app)
    await publishSteps(test, 'a', 1, 1)
    await test.handled('step')
    expect(trace).toEqual(['in sub', 'inner', 'handler', 'out'])
  })

  it('drains: finishes what runs, takes nothing new', async () => {
    const finish = gate()
    const handled: number[] = []
    const app = veltrix(config()).handle('sub', 'step', async ({ data }) => {
      await finish.opened
      handled.push(data.n)
    })
    const test = await testApp(app)
    const started = heard('veltrix:worker:started')
    await publishSteps(test, 'a', 1, 2)
    await started
    const stopped = test.app.stop()
    finish.open()
    expect(await stopped).toEqual({ drained: true, abandoned: 0 })
    await test.stop()
    expect(handled).toEqual([1])
  })

  it('aborts what still runs at the deadline, and says so', async () => {
    let reason: unknown
    const app = veltrix(config()).handle('sub', 'step', (_, ctx) => {
      return new Promise((_resolve, reject) => {
        ctx.signal.addEventListener('abort', () => {
          reason = ctx.signal.reason
          reject(ctx.signal.reason as Error)
        })
      })
    })
    const test = await testApp(app)
    const started = heard('veltrix:worker:started')
    await publishSteps(test, 'a', 1, 1)
    await started
    const stopped = test.app.stop({ drainTimeoutMs: 10_000 })
    test.clock.advance(11_000)
    expect(await stopped).toEqual({ drained: false, abandoned: 0 })
    expect(reason).toMatchObject({ code: 'VLX_HANDLER_INTERRUPTED' })
    await test.stop()
  })
})

describe('dead letters', () => {
  const failing = new Set<number>()

  function app(onDeadLetter: 'continue' | 'park-key', seen: number[]) {
    return veltrix(config({ onDeadLetter })).handle('sub', 'step', ({ data }) => {
      if (failing.has(data.n)) throw new Unrecoverable(`no ${data.n}`)
      seen.push(data.n)
    })
  }

  it('continue: the followers of a dead letter go on, and a redrive runs it again', async () => {
    failing.clear()
    failing.add(1)
    const seen: number[] = []
    await using test = await testApp(app('continue', seen))
    await publishSteps(test, 'a', 1, 3)
    await test.handled('step', { n: 3 })
    expect(seen).toEqual([2, 3])
    failing.clear()
    const letters = await kept(test, 1)
    await letters.redrive('sub', { all: true }, { wait: true })
    expect(seen).toEqual([2, 3, 1])
    expect((await letters.list('sub')).letters).toEqual([])
  })

  it('park-key: followers wait behind the dead letter, and after a redrive everything ran in publish order', async () => {
    failing.clear()
    failing.add(2)
    const seen: number[] = []
    await using test = await testApp(app('park-key', seen))
    await publishSteps(test, 'a', 1, 5)
    await test.app.publish('step', { key: 'b', n: 100 })
    await test.handled('step', { n: 100 })
    const letters = await kept(test, 4)
    expect(seen).toEqual([1, 100])
    expect(test.app.status()[0]).toMatchObject({ parkedKeys: 1, waitingKeys: 0 })
    // Still parked when asked in vain.
    await letters.redrive('sub', { all: true }, { wait: true })
    await publishSteps(test, 'a', 6, 6)
    await kept(test, 5)
    expect(seen).toEqual([1, 100])
    failing.clear()
    await letters.redrive('sub', { all: true }, { wait: true })
    await publishSteps(test, 'a', 7, 7)
    await test.handled('step', { n: 7 })
    expect(seen).toEqual([1, 100, 2, 3, 4, 5, 6, 7])
    expect((await letters.list('sub')).letters).toEqual([])
  })

  it('park-key: discarding the head lets the followers go, and the key stays parked over a restart', async () => {
    failing.clear()
    failing.add(1)
    const seen: number[] = []
    const first = await testApp(app('park-key', seen))
    await publishSteps(first, 'a', 1, 2)
    await kept(first, 2)
    const { transport } = first
    await first.app.stop()
    const second = await testApp(app('park-key', seen), { transport })
    await publishSteps(second, 'a', 3, 3)
    const letters = await kept(second, 3)
    expect(seen).toEqual([])
    const [head] = (await letters.list('sub', { kind: 'dead' })).letters
    await letters.discard('sub', { ids: [head!.id] }, { reason: 'not needed' })
    await second.handled('step', { n: 3 })
    expect(seen).toEqual([2, 3])
    await second.stop()
    await first.stop()
  })
})
