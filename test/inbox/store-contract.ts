/* oxlint-disable vitest/expect-expect, vitest/valid-title -- titles and expectations are handed in */
/**
 * What every inbox store must do, as one suite. Each store's test file hands in how to make one, and how its effects write and read.
 * @module
 */
import { expect, test } from 'vitest'
import { InboxNested, type InboxEntry, type InboxStore } from '../../src/inbox/index.ts'

export interface StoreUnderTest<Tx> {
  readonly inbox: InboxStore<Tx>
  /** An effect: adds one line to what the database holds. */
  write(tx: Tx, line: string): void | Promise<void>
  /** The lines that are there, outside any effect, in any order. */
  lines(): string[] | Promise<string[]>
  close(): Promise<void>
}

export function entry(id: string, more: Partial<InboxEntry> = {}): InboxEntry {
  return { subscription: 'billing', source: '/checkout', id, effect: '', windowMs: 60_000, now: 1_000_000, ...more }
}

export function testStore<Tx>(create: () => Promise<StoreUnderTest<Tx>>): void {
  const withStore = (name: string, body: (store: StoreUnderTest<Tx>) => Promise<void>): void => {
    test(name, async () => {
      const store = await create()
      try {
        await store.inbox.open()
        await body(store)
      } finally {
        await store.close()
      }
    })
  }

  withStore('runs an effect once and gives a repeat its first value', async ({ inbox, write, lines }) => {
    const effect = async (tx: Tx) => {
      await write(tx, 'charged')
      return { invoice: 7 }
    }
    expect(await inbox.once(entry('a'), effect)).toEqual({ applied: true, value: { invoice: 7 } })
    expect(await inbox.once(entry('a'), effect)).toEqual({ applied: false, value: { invoice: 7 } })
    expect(await lines()).toEqual(['charged'])
  })

  withStore('tells subscription, source, id and effect apart', async ({ inbox, write, lines }) => {
    const entries = [
      entry('a'),
      entry('b'),
      entry('a', { effect: 'mail' }),
      entry('a', { source: '/other' }),
      entry('a', { subscription: 'mails' }),
      // Not to be told apart by gluing fields together.
      entry('a', { subscription: 'bill', source: 'ing/checkout' }),
    ]
    for (const [index, one] of [...entries, ...entries].entries()) {
      expect((await inbox.once(one, (tx) => write(tx, `${index}`))).applied).toBe(index < entries.length)
    }
    expect((await lines()).toSorted()).toEqual(['0', '1', '2', '3', '4', '5'])
  })

  withStore('keeps neither effect nor row when the effect fails', async ({ inbox, write, lines }) => {
    const failure = new Error('card declined')
    const failing = async (tx: Tx) => {
      await write(tx, 'half')
      throw failure
    }
    await expect(inbox.once(entry('a'), failing)).rejects.toBe(failure)
    expect(await lines()).toEqual([])
    expect((await inbox.once(entry('a'), (tx) => write(tx, 'whole'))).applied).toBe(true)
    expect(await lines()).toEqual(['whole'])
  })

  withStore('keeps a failure that is thrown at once to itself', async ({ inbox, write, lines }) => {
    const results = await Promise.allSettled(
      ['a', 'b', 'c', 'd'].map((id) =>
        inbox.once(entry(id), (tx) => {
          if (id === 'b' || id === 'd') throw new TypeError(id)
          return write(tx, id)
        }),
      ),
    )
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected'])
    expect((await lines()).toSorted()).toEqual(['a', 'c'])
  })

  withStore('lets one of many callers at the same time run the effect', async ({ inbox, write, lines }) => {
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, caller) =>
        inbox.once(entry('a'), async (tx) => {
          await write(tx, 'once')
          return caller
        }),
      ),
    )
    const winner = results.find((result) => result.applied)!.value
    expect(results.filter((result) => result.applied)).toHaveLength(1)
    expect(results.every((result) => result.value === winner)).toBe(true)
    expect(await lines()).toEqual(['once'])
  })

  withStore('never lets another call into an effect that is waiting', async ({ inbox, write, lines }) => {
    const gate = Promise.withResolvers<void>()
    const failing = inbox.once(entry('a'), async (tx) => {
      await write(tx, 'of a')
      await gate.promise
      throw new Error('a fails')
    })
    const others = ['b', 'c'].map((id) => inbox.once(entry(id), (tx) => write(tx, `of ${id}`)))
    gate.resolve()
    await expect(failing).rejects.toThrow('a fails')
    await Promise.all(others)
    expect((await lines()).toSorted()).toEqual(['of b', 'of c'])
  })

  withStore('stores JSON of a value, and nothing of what is no JSON or too large', async ({ inbox }) => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    const cases: [unknown, unknown][] = [
      [undefined, undefined],
      [null, null],
      [0, 0],
      ['\u0000 \ud800 é', '\u0000 \ud800 é'],
      [{ at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
      [10n, undefined],
      [cycle, undefined],
      [() => 1, undefined],
      ['x'.repeat(70_000), undefined],
    ]
    for (const [index, [returned, repeated]] of cases.entries()) {
      const first = await inbox.once(entry(`${index}`), () => returned)
      expect(first).toEqual({ applied: true, value: returned })
      expect(await inbox.once(entry(`${index}`), () => 'not run')).toEqual(
        repeated === undefined ? { applied: false } : { applied: false, value: repeated },
      )
    }
  })

  withStore('forgets what its window has left, and nothing else', async ({ inbox, write, lines }) => {
    await inbox.once(entry('short', { windowMs: 10 }), (tx) => write(tx, 'short'))
    await inbox.once(entry('long', { windowMs: 1000 }), (tx) => write(tx, 'long'))
    await inbox.once(entry('forever', { windowMs: Infinity }), (tx) => write(tx, 'forever'))
    expect(await inbox.prune(1_000_009)).toBe(0)
    expect(await inbox.prune(1_000_010)).toBe(1)
    expect((await inbox.once(entry('short'), () => {})).applied).toBe(true)
    expect((await inbox.once(entry('long'), () => {})).applied).toBe(false)
    expect((await inbox.once(entry('forever'), () => {})).applied).toBe(false)
    expect((await lines()).toSorted()).toEqual(['forever', 'long', 'short'])
  })

  withStore('prunes in steps, and by itself while effects come in', async ({ inbox }) => {
    for (let i = 0; i < 1001; i++) await inbox.once(entry(`old ${i}`, { windowMs: 1 }), () => {})
    for (let i = 0; i < 1001; i++) await inbox.once(entry(`new ${i}`, { now: 2_000_000 }), () => {})
    // The 2,000th effect came at 2,000,000, when all the old ones had ended.
    await expect.poll(() => inbox.prune(2_000_000), { timeout: 1000 }).toBe(0)
  })

  withStore('refuses an effect inside an effect of the same inbox', async ({ inbox, write, lines }) => {
    const outer = inbox.once(entry('a'), async (tx) => {
      await write(tx, 'outer')
      await inbox.once(entry('b'), (inner) => write(inner, 'inner'))
    })
    await expect(outer).rejects.toThrow(InboxNested)
    expect(await lines()).toEqual([])
  })

  withStore('waits for running effects when it closes, and takes no more', async ({ inbox, write, lines }) => {
    const gate = Promise.withResolvers<void>()
    const running = inbox.once(entry('a'), async (tx) => {
      await gate.promise
      await write(tx, 'done')
    })
    const before = await lines()
    const closing = inbox.close()
    gate.resolve()
    await closing
    await expect(running).resolves.toMatchObject({ applied: true })
    expect(before).toEqual([])
    await expect(inbox.once(entry('b'), () => {})).rejects.toMatchObject({ code: 'VLX_INBOX_UNAVAILABLE' })
    await inbox.close()
  })
}
