/**
 * One second in figures, from what this process counted and what the log says.
 * @module
 */
import type { CompiledConfig } from '../../config/index.ts'
import type { SubscriptionStatus } from '../../worker/index.ts'
import type { FlowSecond, LaneSecond, LiveSecond, SubscriptionSecond } from '../api/index.ts'
import type { Letters } from '../letters/letters.ts'
import type { Counters } from './counters.ts'
import type { LogNumbers } from './log-watch.ts'

export interface SecondInput {
  readonly at: number
  /** How long it was. */
  readonly seconds: number
  readonly config: CompiledConfig
  readonly counters: Counters
  readonly numbers: LogNumbers
  readonly letters: Letters
  /** Undefined: the application runs elsewhere. */
  readonly status: readonly SubscriptionStatus[] | undefined
}

export function secondOf(input: SecondInput): LiveSecond {
  const { at, config, counters, status } = input
  const flows = status === undefined ? flowsOfLog(input) : counters.flows((count) => perSecond(count, input.seconds))
  return {
    at,
    lanes: Object.fromEntries(config.lanes.map(({ name }) => [name, laneSecond(name, input, flows)])),
    subscriptions: Object.fromEntries(
      [...config.subscriptions.keys()].map((name) => [name, subscriptionSecond(name, input, flows)]),
    ),
    flows,
    gateway: Object.fromEntries(counters.gateway),
  }
}

function laneSecond(lane: string, input: SecondInput, flows: readonly FlowSecond[]): LaneSecond {
  const { numbers, seconds, status } = input
  const rows = numbers.report?.lanes.filter((row) => row.lane === lane)
  const counts = status === undefined ? undefined : input.counters.lanes.get(lane)
  const sum = (isIt: (flow: FlowSecond) => boolean): number =>
    rounded(flows.filter((flow) => flow.lane === lane && isIt(flow)).reduce((all, flow) => all + flow.perSecond, 0))
  return {
    published: sum((flow) => flow.subscription === null),
    handled: sum((flow) => flow.subscription !== null),
    p50Ms: milliseconds(counts?.waited.quantile(0.5)),
    p99Ms: milliseconds(counts?.waited.quantile(0.99)),
    lag: rows === undefined ? null : rows.reduce((all, row) => all + row.lag, 0),
    lagSeconds: rows === undefined ? null : oldest(rows),
    deliveryRate: numbers.deliveries?.get(lane) ?? null,
    dead: counts === undefined ? null : perSecond(counts.dead, seconds),
    retries: counts === undefined ? null : perSecond(counts.retries, seconds),
  }
}

function subscriptionSecond(name: string, input: SecondInput, flows: readonly FlowSecond[]): SubscriptionSecond {
  const { numbers, seconds, letters } = input
  const rows = numbers.report?.lanes.filter((row) => row.subscription === name)
  const status = input.status?.find(({ subscription }) => subscription === name)
  const counts = status === undefined ? undefined : input.counters.subscriptions.get(name)
  return {
    handled: rounded(
      flows.filter(({ subscription }) => subscription === name).reduce((all, flow) => all + flow.perSecond, 0),
    ),
    retries: counts === undefined ? null : perSecond(counts.retries, seconds),
    running: status?.running ?? null,
    waitingKeys: status?.waitingKeys ?? numbers.waitingKeys?.get(name) ?? null,
    parkedKeys: status?.parkedKeys ?? letters.parkedKeys(name) ?? null,
    lag: rows === undefined ? null : rows.reduce((all, row) => all + row.lag, 0),
    lagSeconds: rows === undefined ? null : oldest(rows),
    deadLetters: letters.unresolved(name) ?? null,
    breaker: status?.breaker ?? null,
    paused: status === undefined ? null : status.lanes.length > 0 && status.lanes.every(({ paused }) => paused),
  }
}

function flowsOfLog({ config, numbers: { rates } }: SecondInput): FlowSecond[] {
  const into = [...config.streams.values()].flatMap(({ name, topics }) =>
    [...topics].map(([lane, topic]) => ({ stream: name, lane, subscription: null, perSecond: rates?.get(topic) ?? 0 })),
  )
  const out = [...config.subscriptions.values()].flatMap((sub) =>
    sub.topics.map(({ topic, stream, lane }) => ({
      stream,
      lane,
      subscription: sub.name,
      perSecond: rates?.get(`${topic}\n${sub.name}`) ?? 0,
    })),
  )
  return [...into, ...out].map((flow) => ({ ...flow, perSecond: rounded(flow.perSecond) }))
}

function oldest(rows: readonly { readonly lag: number; readonly lagSeconds: number | null }[]): number | null {
  const known = rows.flatMap(({ lagSeconds }) => lagSeconds ?? [])
  if (known.length < rows.length && known.every((seconds) => seconds === 0)) return null
  return rounded(Math.max(0, ...known))
}

function perSecond(count: number, seconds: number): number {
  return rounded(count / seconds)
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}

function milliseconds(value: number | undefined): number | null {
  return value === undefined ? null : rounded(value)
}
