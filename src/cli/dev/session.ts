/**
 * One run of `dev`: start the app, feed it, show it, bring it to its end.
 * @module
 */
import { sleep, type Clock } from '../../clock.ts'
import type { LoadedApp } from '../app-module.ts'
import { exitCodes } from '../exit-codes.ts'
import { lagCounts, laneLags } from '../../telemetry/lag/index.ts'
import type { Output } from '../output.ts'
import { placeOf } from '../place.ts'
import type { Scenario } from '../scenario.ts'
import type { Shell } from '../shell.ts'
import { Gauges } from '../view/gauges.ts'
import { DevDashboard } from './dashboard.ts'
import { DevGateway } from './gateway.ts'
import { aborted, Interrupts } from './interrupts.ts'
import { summaryOf, type Summary } from './summary.ts'
import { JsonView, LiveView, PlainView, type View, type ViewOptions } from './views.ts'

export interface SessionOptions {
  readonly loaded: LoadedApp
  /** What the view calls the log, where it is not that of the typed file. */
  readonly place?: string
  readonly shell: Shell
  readonly out: Output
  /** Undefined runs until a signal. */
  readonly forMs: number | undefined
  readonly settleMs: number
  readonly intervalMs: number
  /** Redrawn in place. */
  readonly live: boolean
  readonly scenario: Scenario | undefined
  /** Subscriptions to run; undefined: all. */
  readonly subscriptions: readonly string[] | undefined
  /** Events are taken over HTTP too, at this port or (undefined) at the usual one; false: they are not. */
  readonly gateway: { readonly port: number | undefined } | false
  /** It is shown in a browser, likewise. */
  readonly dashboard: { readonly port: number | undefined } | false
}

const settlePollMs = 50

/** Resolves to the exit code. */
export async function runSession(options: SessionOptions): Promise<number> {
  const { loaded, shell } = options
  const { app, config } = loaded
  const gauges = new Gauges({
    app: config.app,
    lanes: config.lanes.map((lane) => lane.name),
    subscriptions: options.subscriptions ?? [...config.subscriptions.keys()],
    clock: shell.clock,
  })
  gauges.listen()
  const view = viewOf(options, gauges)
  const interrupts = new Interrupts(shell, () => view.close())
  // A view that nobody sees any more (`| head`) is the end of the session, as for every other command.
  const ended = AbortSignal.any([interrupts.signal, options.out.gone])
  const gateway = gatewayOf(options, gauges)
  const dashboard = dashboardOf(options, gauges)
  let summary: Summary | undefined
  let abandoned = 0
  try {
    await app.start(options.subscriptions === undefined ? {} : { subscriptions: [...options.subscriptions] })
    await Promise.all([gateway?.begin(), dashboard?.begin()])
    summary = await live(options, { gauges, view, gateway }, ended)
  } finally {
    try {
      await Promise.all([gateway?.close(), dashboard?.close()])
      abandoned = (await app.stop()).abandoned
    } finally {
      view.close()
      gauges.close()
      interrupts.close()
    }
  }
  await view.summary({ ...summary, drained: abandoned === 0, abandoned })
  if (abandoned > 0) return exitCodes.abandoned
  return summary['failed'] === true ? exitCodes.failed : exitCodes.ok
}

interface Parts {
  readonly gauges: Gauges
  readonly view: View
  readonly gateway: DevGateway | undefined
}

async function live(
  options: SessionOptions,
  { gauges, view, gateway }: Parts,
  interrupted: AbortSignal,
): Promise<Summary> {
  const { loaded, shell, scenario, forMs } = options
  const { clock } = shell
  const startedAt = clock.monotonic()
  const ended = new AbortController()
  const tick = new Ticker(clock, options.intervalMs, view, () => readLag(loaded, gauges))
  try {
    const traffic = startTraffic(scenario, loaded, ended.signal, gauges, clock)
    await untilEnd([traffic.failed, elapsed(clock, forMs, interrupted)], interrupted)
    view.draining()
    ended.abort()
    // What others would still publish might never settle.
    await Promise.all([traffic.done, gateway?.close()])
    const settled = scenario === undefined || (await settle(options, scenario, gauges))
    const own = (await scenario?.summary?.()) ?? {}
    return summaryOf({ gauges, settled, durationMs: clock.monotonic() - startedAt, own })
  } finally {
    ended.abort()
    tick.stop()
    view.show()
  }
}

function gatewayOf({ gateway, loaded, shell, out }: SessionOptions, gauges: Gauges): DevGateway | undefined {
  if (gateway === false) return undefined
  const { clock } = shell
  return new DevGateway({
    app: loaded.app,
    port: gateway.port,
    clock,
    listening: (url) => (gauges.gateway = url),
    note: (text) => out.note(text),
    onFailure: (error) => gauges.notes.add('trouble', `the gateway failed at a request: ${String(error)}`, clock.now()),
  })
}

function dashboardOf(options: SessionOptions, gauges: Gauges): DevDashboard | undefined {
  const { dashboard, loaded, shell, out } = options
  if (dashboard === false) return undefined
  const { clock } = shell
  return new DevDashboard({
    app: loaded.app,
    port: dashboard.port,
    clock,
    place: options.place ?? placeOf(loaded.config, shell.cwd),
    gateway: () => gauges.gateway,
    listening: (url) => (gauges.dashboard = url),
    note: (text) => out.note(text),
    onAct: ({ at, by, act, to, reason }) =>
      gauges.notes.add('text', `${by}: ${act} ${to}${reason === undefined ? '' : ` (${reason})`}`, at),
    onFailure: (error) =>
      gauges.notes.add('trouble', `the dashboard failed at a request: ${String(error)}`, clock.now()),
  })
}

/** Resolves at the first signal, when the time is over, or rejects when the traffic failed. */
async function untilEnd(ends: readonly Promise<unknown>[], interrupted: AbortSignal): Promise<void> {
  await Promise.race([...ends, aborted(interrupted)])
}

function elapsed(clock: Clock, forMs: number | undefined, interrupted: AbortSignal): Promise<void> {
  if (forMs === undefined) return new Promise(() => undefined)
  return sleep(clock, forMs, interrupted).catch(() => undefined)
}

interface Traffic {
  /** Resolves when it has stopped. */
  readonly done: Promise<void>
  /** Never resolves; rejects when it failed. */
  readonly failed: Promise<never>
}

function startTraffic(
  scenario: Scenario | undefined,
  loaded: LoadedApp,
  signal: AbortSignal,
  gauges: Gauges,
  clock: Clock,
): Traffic {
  const done =
    scenario?.traffic(loaded.app as never, signal, (text, kind) =>
      gauges.notes.add(kind ?? 'text', text, clock.now()),
    ) ?? Promise.resolve()
  const failed = new Promise<never>((_, reject) => done.catch(reject))
  failed.catch(() => undefined)
  return { done, failed }
}

async function settle(options: SessionOptions, scenario: Scenario, gauges: Gauges): Promise<boolean> {
  const { loaded, shell, settleMs } = options
  const deadline = shell.clock.monotonic() + settleMs
  const settled = async (): Promise<boolean> =>
    scenario.settled === undefined ? (await readLag(loaded, gauges)) === 0 : await scenario.settled()
  while (!(await settled())) {
    if (shell.clock.monotonic() >= deadline) return false
    await sleep(shell.clock, settlePollMs)
  }
  return true
}

/** Total lag, told to the gauges. */
async function readLag({ app, config }: LoadedApp, gauges: Gauges): Promise<number> {
  const rows = await laneLags(await app.open(), config)
  gauges.lag(lagCounts(rows))
  return rows.reduce((sum, row) => sum + row.lag, 0)
}

/** Shows the view at its interval; once a second reads the lag. */
class Ticker {
  readonly #abort = new AbortController()

  constructor(clock: Clock, intervalMs: number, view: View, lag: () => Promise<unknown>) {
    let first = true
    void this.#run(clock, intervalMs, () => view.show())
    // Not at once: asking for the lag must not stand in the way of the first event.
    void this.#run(clock, 1000, async () => {
      if (first) {
        first = false
        return
      }
      view.second()
      // A log that is just closing, or busy, has no lag to tell: the last figure stays.
      await lag().catch(() => undefined)
    })
  }

  stop(): void {
    this.#abort.abort()
  }

  async #run(clock: Clock, everyMs: number, act: () => unknown): Promise<void> {
    while (!this.#abort.signal.aborted) {
      await act()
      await sleep(clock, everyMs, this.#abort.signal).catch(() => undefined)
    }
  }
}

function viewOf(options: SessionOptions, gauges: Gauges): View {
  const { loaded, shell, out, forMs } = options
  const view: ViewOptions = {
    gauges,
    shell,
    out,
    lane: loaded.config.lanes[0]!.name,
    place: options.place ?? placeOf(loaded.config, shell.cwd),
    onlySummary: forMs !== undefined,
  }
  if (out.json) return new JsonView(view)
  return options.live ? new LiveView(view) : new PlainView(view)
}
