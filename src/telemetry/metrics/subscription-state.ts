/**
 * What a running subscription says of itself every second.
 * @module
 */
import type { ChannelMessages } from '../../channels.ts'
import type { Clock } from '../../clock.ts'
import type { CompiledConfig, CompiledSubscription } from '../../config/index.ts'
import type { Registry } from './registry.ts'
import { RunningTotal } from './running-total.ts'
import type { Value } from './series.ts'

type State = ChannelMessages['veltrix:worker:state']
type BreakerState = State['breaker']

const breakerStates: readonly BreakerState[] = ['closed', 'half-open', 'open']

/** Silent for this long, a subscription does not run here any more. */
const silentMs = 10_000

interface LaneSeries {
  readonly buffered: Value
  readonly running: Value
  readonly share: Value
  readonly granted: RunningTotal
  readonly slotTime: RunningTotal
}

export class SubscriptionState {
  readonly #clock: Clock
  readonly #lanes: ReadonlyMap<string, LaneSeries>
  readonly #waiting: Value
  readonly #parked: Value
  readonly #breaker: ReadonlyMap<BreakerState, Value>
  readonly #duplicates: RunningTotal
  readonly #conflicts: RunningTotal
  #heardAt = -Infinity

  constructor(registry: Registry, config: CompiledConfig, sub: CompiledSubscription, clock: Clock) {
    const own = { 'veltrix.subscription': sub.name }
    this.#clock = clock
    this.#lanes = new Map(
      config.lanes
        .filter((lane) => sub.topics.some((topic) => topic.lane === lane.name))
        .map(({ name }) => [name, laneSeries(registry, { ...own, 'veltrix.lane': name })]),
    )
    this.#waiting = registry.series('keysWaiting', own)
    this.#parked = registry.series('keysParked', own)
    this.#breaker = new Map(
      breakerStates.map((state) => [state, registry.series('breaker', { ...own, 'veltrix.state': state })]),
    )
    this.#duplicates = new RunningTotal(registry.series('duplicates', own))
    this.#conflicts = new RunningTotal(registry.series('idConflicts', own))
    for (const gauge of this.#gauges()) gauge.forget()
  }

  tell(state: State): void {
    this.#heardAt = this.#clock.monotonic()
    this.#waiting.set(state.waitingKeys)
    this.#parked.set(state.parkedKeys)
    this.#duplicates.reached(state.duplicates)
    this.#conflicts.reached(state.idConflicts)
    this.breaker(state.breaker)
    for (const { lane, buffered, running, share, granted, usedMs } of state.lanes) {
      const series = this.#lanes.get(lane)
      series?.buffered.set(buffered)
      series?.running.set(running)
      series?.share.set(share)
      series?.granted.reached(granted)
      series?.slotTime.reached(usedMs / 1000)
    }
  }

  breaker(now: BreakerState): void {
    for (const [state, gauge] of this.#breaker) gauge.set(state === now ? 1 : 0)
  }

  /** Before numbers are shown: a subscription that says nothing any more has no state. */
  forgetSilent(): void {
    if (this.#clock.monotonic() - this.#heardAt <= silentMs) return
    for (const gauge of this.#gauges()) gauge.forget()
  }

  #gauges(): Value[] {
    const ofLanes = [...this.#lanes.values()].flatMap(({ buffered, running, share }) => [buffered, running, share])
    return [this.#waiting, this.#parked, ...this.#breaker.values(), ...ofLanes]
  }
}

function laneSeries(
  registry: Registry,
  labels: { 'veltrix.subscription': string; 'veltrix.lane': string },
): LaneSeries {
  return {
    buffered: registry.series('buffered', labels),
    running: registry.series('running', labels),
    share: registry.series('share', labels),
    granted: new RunningTotal(registry.series('granted', labels)),
    slotTime: new RunningTotal(registry.series('slotTime', labels)),
  }
}
