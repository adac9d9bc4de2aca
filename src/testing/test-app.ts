/**
 * An application under test: its own module, on a log that needs no setup, with time in the test's hand.
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EventOutput, EventTypes } from '../config/index.ts'
import { memoryInbox, type InboxStore } from '../inbox/index.ts'
import { embedded } from '../transport/embedded/index.ts'
import type { Transport } from '../transport/index.ts'
import type { App } from '../veltrix.ts'
import { Spy, type Match, type Outcome, type WaitOptions } from './spy.ts'
import { TestClock } from './test-clock.ts'

export interface TestAppOptions<Tx = unknown> {
  /** Default: an embedded log in a temporary directory, without fsync, removed at the end. */
  readonly transport?: Transport
  /** Default: a new one. */
  readonly clock?: TestClock
  /** Default: the application's own, or one in memory. */
  readonly inbox?: InboxStore<Tx>
}

/**
 * Starts `app` for a test: same typed file and handlers, on a fast private log. Stop it with `stop()`, or by `await using`.
 *
 * @example
 * await using test = await testApp(app)
 * await test.app.publish('order.placed', { orderId: 'o-1', total: 12 })
 * await test.handled('order.placed', { orderId: 'o-1' })
 * @throws HandlerInvalid and the log's errors
 */
export async function testApp<C, Tx>(app: App<C, Tx>, options: TestAppOptions<Tx> = {}): Promise<TestApp<C, Tx>> {
  const directory = options.transport ? undefined : await mkdtemp(join(tmpdir(), 'veltrix-test-'))
  const transport = options.transport ?? embedded({ directory, durability: 'none' })
  const clock = options.clock ?? new TestClock()
  const spy = new Spy()
  const inbox = options.inbox ?? (app.hasInbox ? undefined : (memoryInbox() as unknown as InboxStore<Tx>))
  const copy = app.with({ transport, clock, observer: spy, ...(inbox && { inbox }) })
  const test = new TestApp<C, Tx>(copy, { transport, clock, spy, directory })
  try {
    await copy.start()
    return test
  } catch (error) {
    await test.stop()
    throw error
  }
}

/** A started application and what a test wants to know of it. */
export class TestApp<C = any, Tx = unknown> {
  readonly app: App<C, Tx>
  readonly clock: TestClock
  /** The log it runs on: hand it to a second `testApp` for another process of the same application, or a restart. */
  readonly transport: Transport
  readonly #spy: Spy
  readonly #directory: string | undefined

  constructor(
    app: App<C, Tx>,
    parts: { transport: Transport; clock: TestClock; spy: Spy; directory: string | undefined },
  ) {
    this.app = app
    this.clock = parts.clock
    this.transport = parts.transport
    this.#spy = parts.spy
    this.#directory = parts.directory
  }

  /** Everything that became of events so far, in order. */
  get outcomes(): readonly Outcome[] {
    return this.#spy.outcomes
  }

  /**
   * Resolves with the first event of `type` that was handled (or will be) and fits `match`.
   * @throws NotSeen after `timeoutMs`, listing what was handled instead
   */
  handled<Type extends EventTypes<C>>(
    type: Type,
    match?: Match<EventOutput<C, Type>>,
    options?: WaitOptions,
  ): Promise<Outcome<Type, EventOutput<C, Type>>> {
    return this.#spy.wait('handled', type, match, options) as Promise<Outcome<Type, EventOutput<C, Type>>>
  }

  /** The same for an event that became a dead letter; `reason` and `error` say why. @throws NotSeen */
  dead<Type extends EventTypes<C>>(
    type: Type,
    match?: Match<EventOutput<C, Type>>,
    options?: WaitOptions,
  ): Promise<Outcome<Type, EventOutput<C, Type>>> {
    return this.#spy.wait('dead', type, match, options) as Promise<Outcome<Type, EventOutput<C, Type>>>
  }

  /** Drains the application and removes its log. */
  async stop(): Promise<void> {
    await this.app.stop({ drainTimeoutMs: 5_000 })
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
