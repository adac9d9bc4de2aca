/**
 * What a seed means: an application, its events with what their handlers do, and what goes wrong when.
 * @module
 */
import { compile, type CompiledConfig } from '../../src/config/index.ts'
import type { StandardSchemaV1 } from '@standard-schema/spec'

/** Uniform numbers from a seed; `fork` gives an independent stream, so that one part's draws do not shift another's. */
export interface Random {
  (): number
  /** A whole number from `least` to `most`. */
  int(least: number, most: number): number
  chance(probability: number): boolean
  pick<T>(values: readonly T[]): T
  fork(name: string): Random
}

export function randomOf(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0
    let z = state
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
    return ((z ^ (z >>> 16)) >>> 0) / 2 ** 32
  }
  const int = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1))
  return Object.assign(next, {
    int,
    chance: (probability: number) => next() < probability,
    pick: <T>(values: readonly T[]): T => values[int(0, values.length - 1)]!,
    fork(name: string): Random {
      let hash = seed >>> 0
      for (const letter of name) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193)
      return randomOf(hash)
    },
  })
}

/** What the handler of one event does. `times`: in its first attempts; after those it succeeds. */
export type Behaviour = { readonly ms: number; readonly times: number; readonly redrives: boolean } & (
  | { readonly kind: 'ok' | 'sync' | 'fail' | 'sync-fail' | 'unrecoverable' | 'throw-text' }
  | { readonly kind: 'retry-after'; readonly delayMs: number }
  /** Takes `ms`, whatever its signal says. */
  | { readonly kind: 'hang' }
)

export interface Publication {
  readonly atMs: number
  readonly type: string
  readonly lane: string
  readonly key: string
  readonly id: string
  /** Its payload is not JSON. */
  readonly broken: boolean
  /** Its payload differs from that of another event with the same id. */
  readonly other?: boolean
}

export type ActionKind =
  | 'crash'
  | 'stop'
  | 'start'
  | 'shake'
  | 'zombie'
  | 'pause'
  | 'resume'
  | 'redrive'
  | 'discard'
  | 'wall-clock'

export interface Scenario {
  readonly seed: number
  readonly config: CompiledConfig
  readonly batches: ReadonlySet<string>
  readonly inbox: boolean
  readonly breaker: boolean
  readonly workers: number
  readonly publications: readonly Publication[]
  readonly behaviour: (subscription: string, eventId: string) => Behaviour
  readonly actions: readonly { readonly atMs: number; readonly kind: ActionKind; readonly pick: number }[]
  readonly activeMs: number
  readonly maxMetadataBytes: number
  readonly rebalanceTimeoutMs: number
  /** Probability of a fault at a call, while faults are on. */
  /** The log stores what is sent again, and some events are. */
  readonly repeats: boolean
  /** Some fetches get no answer. */
  readonly hangs: boolean
  readonly faults: { readonly append: number; readonly commit: number; readonly fetch: number }
}

export const timeoutMs = 400

const schema: StandardSchemaV1 = {
  '~standard': { version: 1, vendor: 'simulation', validate: (value) => ({ value }) },
}

/** What was added after seeds had been found that show something: without it they are what they were. */
export interface Additions {
  readonly repeats?: boolean
  readonly hangs?: boolean
}

export function drawScenario(seed: number, additions: Additions = {}): Scenario {
  let scenario = drawFirst(seed)
  if (additions.repeats ?? true) scenario = withRepeats(scenario, randomOf(seed).fork('repeats'))
  if (additions.hangs ?? true) scenario = withHangs(scenario, randomOf(seed).fork('hangs'))
  return scenario
}

function withHangs(scenario: Scenario, random: Random): Scenario {
  if (random.chance(0.6)) return scenario
  const { config } = scenario
  return { ...scenario, hangs: true, config: { ...config, worker: { ...config.worker, stallAfterMs: 2_000 } } }
}

function withRepeats(scenario: Scenario, random: Random): Scenario {
  if (random.chance(0.4)) return scenario
  const { publications, activeMs } = scenario
  const dedupe = { maxIds: random.pick([15, 2_000]), always: false }
  const share = random.pick([0, 0.2, 0.5])
  const again = publications
    .filter(() => random.chance(share))
    .map((first) => ({
      ...first,
      atMs: Math.min(activeMs, first.atMs + random.int(0, random.pick([20, 3_000]))),
      other: random.chance(0.1),
    }))
  return {
    ...scenario,
    repeats: true,
    config: { ...scenario.config, worker: { ...scenario.config.worker, dedupe } },
    publications: [...publications, ...again].sort((a, b) => a.atMs - b.atMs),
  }
}

function drawFirst(seed: number): Scenario {
  const random = randomOf(seed).fork('scenario')
  const activeMs = random.int(1_000, 8_000)
  const breaker = random.chance(0.3)
  const { config, batches } = drawApplication(random, breaker)
  const harsh = random.pick([0, 0.3, 1, 1])
  return {
    seed,
    config,
    batches,
    breaker,
    inbox: random.chance(0.4),
    workers: random.int(1, 3),
    publications: drawPublications(random, config, activeMs),
    behaviour: drawBehaviours(randomOf(seed).fork('behaviour'), config),
    actions: drawActions(random, activeMs),
    activeMs,
    maxMetadataBytes: random.pick([90, 200, 4096, 4096]),
    rebalanceTimeoutMs: random.pick([1_000, 20_000, 20_000]),
    repeats: false,
    hangs: false,
    faults: {
      append: harsh * random.pick([0, 0.1, 0.3]),
      commit: harsh * random.pick([0, 0.1, 0.4]),
      fetch: harsh * random.pick([0, 0.1, 0.3]),
    },
  }
}

function drawApplication(random: Random, breaker: boolean): { config: CompiledConfig; batches: ReadonlySet<string> } {
  const lanes = Object.fromEntries(
    ['high', 'middle', 'low'].slice(0, random.int(1, 3)).map((name) => [name, { weight: random.int(1, 8) }]),
  )
  const lane = Object.keys(lanes)[0]!
  const streams: Record<string, object> = {}
  const types: string[] = []
  for (let number = 1; number <= random.int(1, 2); number++) {
    const mine = [`s${number}.a`, `s${number}.b`].slice(0, random.int(1, 2))
    types.push(...mine)
    streams[`s${number}`] = {
      partitions: random.int(1, 4),
      events: Object.fromEntries(mine.map((type) => [type, { schema, lane, key: () => 'k' }])),
    }
  }
  const subscriptions: Record<string, object> = {}
  const batches = new Set<string>()
  for (let number = 1; number <= random.int(1, 2); number++) {
    const name = `sub${number}`
    const events = types.filter(() => random.chance(0.7))
    subscriptions[name] = drawSubscription(random, events.length > 0 ? events : [types[0]!], breaker)
    if (random.chance(0.25)) batches.add(name)
  }
  const worker = {
    scheduling: random.pick(['weighted', 'weighted', 'strict'] as const),
    maxAheadRecords: random.pick([4, 20, 10_000]),
    commitInterval: '30ms',
    revokeTimeout: random.pick(['200ms', '1s']),
    drainTimeout: '3s',
    sessionTimeout: '1s',
    stallAfter: 'never',
  }
  return { config: compile({ app: 'sim', lanes, streams, subscriptions, worker, transport: 'embedded' }), batches }
}

function drawSubscription(random: Random, events: readonly string[], breaker: boolean): object {
  return {
    events,
    concurrency: random.int(1, 20),
    timeout: `${timeoutMs}ms`,
    retry: { attempts: random.int(1, 5), backoff: '10ms..150ms' },
    onDeadLetter: random.pick(['continue', 'park-key']),
    breaker: breaker
      ? { minKeys: 3, failingShare: 0.5, windowKeys: 10, probe: '50ms..400ms' }
      : { minKeys: 10_000, windowKeys: 10_000, failingShare: 1 },
    batch: { maxEvents: random.int(1, 5), maxWait: '20ms' },
    // Of a stream of its own, or every seed would mean something else than it did.
    exactlyOnce: random.fork('exactly once').chance(0.4),
  }
}

function drawPublications(random: Random, config: CompiledConfig, activeMs: number): Publication[] {
  const keys = random.int(1, random.pick([3, 30]))
  const count = random.int(5, random.pick([30, 90]))
  const types = [...config.events.keys()]
  const broken = random.chance(0.3) ? 0.05 : 0
  const publications = Array.from({ length: count }, (_, number) => ({
    atMs: random.chance(0.5) ? 0 : random.int(0, activeMs),
    type: random.pick(types),
    lane: random.pick(config.lanes).name,
    key: `k${random.int(1, keys)}`,
    id: `e${number}`,
    broken: random.chance(broken),
  }))
  return publications.sort((a, b) => a.atMs - b.atMs)
}

function drawBehaviours(random: Random, config: CompiledConfig): Scenario['behaviour'] {
  const trouble = random.pick([0, 0.15, 0.4])
  const drawn = new Map<string, Behaviour>()
  return (subscription, id) => {
    const name = `${subscription} ${id}`
    const known = drawn.get(name)
    if (known) return known
    const { attempts } = config.subscriptions.get(subscription)!.retry
    const behaviour = drawBehaviour(random.fork(name), trouble, attempts)
    drawn.set(name, behaviour)
    return behaviour
  }
}

function drawBehaviour(random: Random, trouble: number, attempts: number): Behaviour {
  const ms = random.chance(0.1) ? random.int(100, 350) : random.int(1, 30)
  const redrives = random.chance(0.7)
  if (!random.chance(trouble)) return { kind: random.pick(['ok', 'ok', 'sync']), ms, times: 0, redrives }
  const times = random.chance(0.5) ? Infinity : random.int(1, Math.max(1, attempts - 1))
  const kind = random.pick(['fail', 'fail', 'fail', 'sync-fail', 'unrecoverable', 'throw-text', 'retry-after', 'hang'])
  if (kind === 'retry-after') return { kind, delayMs: random.int(0, 500), ms, times, redrives }
  if (kind === 'hang') return { kind, ms: random.int(timeoutMs, 3 * timeoutMs), times, redrives }
  return { kind: kind as 'fail', ms, times, redrives }
}

function drawActions(random: Random, activeMs: number): Scenario['actions'] {
  const kinds: ActionKind[] = [
    'crash',
    'crash',
    'stop',
    'start',
    'start',
    'shake',
    'shake',
    'zombie',
    'pause',
    'resume',
  ]
  const people: ActionKind[] = ['redrive', 'redrive', 'discard', 'wall-clock']
  const actions = Array.from({ length: random.int(0, 14) }, () => ({
    atMs: random.int(10, activeMs),
    kind: random.pick(random.chance(0.3) ? people : kinds),
    pick: random.int(0, 1_000),
  }))
  return actions.sort((a, b) => a.atMs - b.atMs)
}
