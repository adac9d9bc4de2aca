/**
 * The numbers of each second, made once for all who look, with the last five minutes for who comes later.
 * @module
 */
import type { FastifyReply } from 'fastify'
import type { Clock, Timer } from '../../clock.ts'
import type { CompiledConfig } from '../../config/index.ts'
import type { DeliveryOptions, TimedPartitionLag } from '../../telemetry/lag/index.ts'
import { runsHere, type DashboardApp } from '../app.ts'
import type { LiveHistory, LiveSecond, Mark } from '../api/index.ts'
import type { Session } from '../http/sessions.ts'
import { message, type ViewerStream } from '../http/stream.ts'
import type { Viewers } from '../http/viewers.ts'
import type { Letters } from '../letters/letters.ts'
import { Counters } from './counters.ts'
import { LogWatch } from './log-watch.ts'
import { Marks } from './marks.ts'
import { secondOf } from './second.ts'

const historySeconds = 300
/** The log is asked every second while somebody looks, otherwise this often: delivery rates want samples. */
const idleLookMs = 5_000

export interface LiveOptions {
  readonly app: DashboardApp
  readonly letters: Letters
  readonly viewers: Viewers
  readonly clock: Clock
  readonly delivery?: DeliveryOptions | undefined
}

export class Live {
  readonly marks: Marks
  readonly #app: DashboardApp
  readonly #config: CompiledConfig
  readonly #clock: Clock
  readonly #viewers: Viewers
  readonly #letters: Letters
  readonly #counters: Counters
  readonly #watch: LogWatch
  readonly #seconds: LiveSecond[] = []
  /** Who looks; true: lost a second, and gets all of them again. */
  readonly #looking = new Map<ViewerStream, boolean>()
  #timer: Timer | undefined
  #lastSecondAt = 0
  #lastLookAt = -Infinity

  constructor({ app, letters, viewers, clock, delivery }: LiveOptions) {
    this.#app = app
    this.#config = app.config
    this.#clock = clock
    this.#viewers = viewers
    this.#letters = letters
    this.#counters = new Counters(app.config)
    this.#watch = new LogWatch(app, letters, clock, delivery)
    this.marks = new Marks(clock, app.config, (mark) => this.#told(mark))
  }

  /** Counts from now on. */
  begin(): void {
    this.#counters.listen()
    this.marks.listen()
    this.#lastSecondAt = this.#clock.monotonic()
    this.#next()
  }

  async close(): Promise<void> {
    this.#timer?.cancel()
    this.#counters.close()
    this.marks.close()
    await this.#watch.close()
  }

  /** Of each partition and subscription, as of the last look at the log. */
  get lags(): readonly TimedPartitionLag[] {
    return this.#watch.numbers.report?.partitions ?? []
  }

  get history(): LiveHistory {
    return { seconds: this.#seconds, marks: this.marks.all }
  }

  /** `GET /api/live` */
  answer(reply: FastifyReply, session: Session): FastifyReply {
    const stream = this.#viewers.open(reply, session)
    // Whoever looks after a while wants figures at once.
    if (this.#looking.size === 0) this.#look()
    this.#looking.set(stream, false)
    stream.once('close', () => this.#looking.delete(stream))
    stream.offer(message('history', this.history))
    return this.#viewers.send(reply, stream)
  }

  /** At the next whole second of the wall clock. */
  #next(): void {
    const delay = 1_000 - (this.#clock.now() % 1_000)
    this.#timer = this.#clock.setTimer(
      delay,
      () => {
        this.#second()
        this.#next()
      },
      { unref: true },
    )
  }

  #second(): void {
    const now = this.#clock.monotonic()
    const seconds = (now - this.#lastSecondAt) / 1_000
    // A timer may fire a little early, and then again.
    if (seconds < 0.5) return
    this.#lastSecondAt = now
    this.marks.second()
    const second = secondOf({
      at: Math.round(this.#clock.now() / 1_000) * 1_000,
      seconds,
      config: this.#config,
      counters: this.#counters,
      numbers: this.#watch.numbers,
      letters: this.#letters,
      status: runsHere(this.#app) ? this.#app.status() : undefined,
    })
    this.#counters.clear()
    this.#seconds.push(second)
    if (this.#seconds.length > historySeconds) this.#seconds.shift()
    this.#show(second)
    if (this.#looking.size > 0 || now - this.#lastLookAt >= idleLookMs) this.#look()
  }

  #look(): void {
    this.#lastLookAt = this.#clock.monotonic()
    this.#watch.look()
  }

  #show(second: LiveSecond): void {
    if (this.#looking.size === 0) return
    const bytes = message('second', second)
    for (const [stream, isBehind] of this.#looking) {
      const isTold = stream.offer(isBehind ? message('history', this.history) : bytes)
      this.#looking.set(stream, !isTold)
    }
  }

  #told(mark: Mark): void {
    const bytes = message('mark', mark)
    for (const [stream, isBehind] of this.#looking) {
      if (!isBehind && !stream.offer(bytes)) this.#looking.set(stream, true)
    }
  }
}
