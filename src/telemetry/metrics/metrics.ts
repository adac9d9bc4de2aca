/**
 * The numbers of one application in one process, from its channels and its log.
 * @module
 */
import type { Clock } from '../../clock.ts'
import type { CompiledConfig } from '../../config/index.ts'
import type { Log } from '../../transport/index.ts'
import type { DeliveryOptions } from '../lag/index.ts'
import { Listener } from './listener.ts'
import { LogWatch } from './log-watch.ts'
import { Registry, type Family } from './registry.ts'

export interface MetricsOptions {
  readonly config: CompiledConfig
  readonly clock: Clock
  /** What carries the events, in the words of the conventions. Default: by the typed file's transport. */
  readonly system?: string | undefined
  /** Opens the log, or gives the open one. */
  readonly open: () => Promise<Log>
  /** Between two looks at the log, for lag, delivery rates and dead letters. Milliseconds; Infinity: never. Default 15 s. */
  readonly lookEveryMs?: number | undefined
  readonly delivery?: DeliveryOptions | undefined
  /** Told when a look at the log failed. */
  readonly failed: (error: unknown) => void
}

export class Metrics {
  readonly #registry = new Registry()
  readonly #listener: Listener
  readonly #watch: LogWatch | undefined

  constructor(options: MetricsOptions) {
    const { config, clock, system = systemOf(config), lookEveryMs: everyMs = 15_000 } = options
    this.#listener = new Listener({ registry: this.#registry, config, clock, system })
    if (everyMs < Infinity) this.#watch = new LogWatch({ ...options, registry: this.#registry, everyMs })
  }

  start(): void {
    this.#listener.start()
    void this.#watch?.run()
  }

  /** Looks at the log now, beside the looks that come by themselves. */
  async look(): Promise<void> {
    await this.#watch?.look()
  }

  /** What there is to show. Series go on being written: copy what is kept. */
  families(): Family[] {
    this.#listener.forgetSilent()
    return this.#registry.families()
  }

  stop(): void {
    this.#listener.stop()
    this.#watch?.stop()
  }
}

function systemOf({ transport }: CompiledConfig): string {
  return transport !== 'embedded' && transport.name === 'kafka' ? 'kafka' : 'veltrix'
}
