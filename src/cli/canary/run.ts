/**
 * A canary until a signal, or for a time.
 * @module
 */
import { randomUUID } from 'node:crypto'
import {
  Canary,
  canaryTopics,
  lossOf,
  makeCanaryTopics,
  removeCanaryTopics,
  type CanaryReport,
  type CanaryTopic,
} from '../../canary/index.ts'
import { sleep } from '../../clock.ts'
import type { CompiledConfig } from '../../config/index.ts'
import { Interrupts } from '../dev/interrupts.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Output } from '../output.ts'
import type { Shell } from '../shell.ts'
import { didYouMean } from '../suggestion.ts'
import { withLog } from '../topology/with-log.ts'
import { oneOf } from '../values.ts'
import { followScreen } from '../view/follow-screen.ts'
import { Redraw } from '../view/redraw.ts'
import { canaryLines, lossText } from './lines.ts'
import { serveMetrics } from './metrics-server.ts'

export interface CanaryRun {
  /** Empty: all. */
  readonly lanes: readonly string[]
  readonly intervalMs: number
  readonly lostAfterMs: number
  /** Undefined: until a signal. */
  readonly forMs: number | undefined
  /** 0 to 1. */
  readonly maxLoss: number
  readonly reportMs: number
  /** Undefined: none are served. */
  readonly metricsPort: number | undefined
}

export function runCanary(place: string | undefined, run: CanaryRun, shell: Shell, out: Output): Promise<number> {
  return withLog(place, shell, async ({ log, config }) => {
    const topics = chosen(config, run.lanes)
    await makeCanaryTopics(log, topics)
    const { intervalMs, lostAfterMs } = run
    const { clock } = shell
    const canary = new Canary({ log, clock, app: config.app, topics, intervalMs, lostAfterMs, run: randomUUID() })
    const server =
      run.metricsPort === undefined ? undefined : await serveMetrics({ canary, clock, port: run.metricsPort })
    const interrupts = new Interrupts(shell)
    try {
      if (server !== undefined) out.note(`metrics on ${server.url}`)
      await canary.start()
      await reportUntilEnd(canary, run, interrupts.signal, shell, out)
      return await conclude(canary, run, out)
    } finally {
      interrupts.close()
      await server?.close()
    }
  })
}

export function removeCanary(place: string | undefined, shell: Shell, out: Output): Promise<number> {
  return withLog(place, shell, async ({ log, config }) => {
    const removed = await removeCanaryTopics(log, config.app)
    if (out.json) await out.result({ removed })
    else await out.lines(removed.length === 0 ? 'There are none.' : `Removed ${removed.join(', ')}.`)
    return exitCodes.ok
  })
}

function chosen(config: CompiledConfig, lanes: readonly string[]): CanaryTopic[] {
  const topics = canaryTopics(config)
  const known = topics.map(({ lane }) => lane)
  for (const lane of lanes) {
    oneOf(
      'lane',
      lane,
      known,
      didYouMean(lane, known, (found) => `"${found}"`),
    )
  }
  return topics.filter(({ lane }) => lanes.length === 0 || lanes.includes(lane))
}

async function reportUntilEnd(
  canary: Canary,
  { forMs, reportMs }: CanaryRun,
  interrupted: AbortSignal,
  shell: Shell,
  out: Output,
): Promise<void> {
  const { clock } = shell
  const ended = AbortSignal.any([interrupted, out.gone])
  const frame = shell.stdout.isTTY === true && !out.json ? new CanaryFrame(canary, shell, out) : undefined
  const until = clock.monotonic() + (forMs ?? Infinity)
  try {
    for (;;) {
      const left = until - clock.monotonic()
      await sleep(clock, Math.max(0, Math.min(reportMs, left)), ended).catch(() => undefined)
      if (ended.aborted || clock.monotonic() >= until) return
      if (frame !== undefined) frame.show()
      else await show(canary.report(), out)
    }
  } finally {
    frame?.close()
  }
}

/** Waits for what is on its way, so that nothing counts as lost only because the canary ended. */
async function conclude(canary: Canary, { forMs, maxLoss }: CanaryRun, out: Output): Promise<number> {
  await canary.stop()
  const report = canary.report()
  const loss = lossOf(report)
  const isWell = forMs === undefined || loss <= maxLoss
  if (out.json) await out.result({ ...report, loss, healthy: loss <= maxLoss, final: true })
  else {
    await out.lines('', ...canaryLines(report, out))
    const allowed = forMs === undefined ? '' : `, allowed ${maxLoss * 100}%`
    await out.lines('', (isWell ? out.paint.good : out.paint.bad)(lossText(report) + allowed))
  }
  return isWell ? exitCodes.ok : exitCodes.unhealthy
}

async function show(report: CanaryReport, out: Output): Promise<void> {
  if (out.json) await out.result(report)
  else await out.lines(...canaryLines(report, out), '')
}

/** The table redrawn in place. */
class CanaryFrame {
  readonly #canary: Canary
  readonly #shell: Shell
  readonly #out: Output
  readonly #redraw: Redraw
  readonly #release: () => void

  constructor(canary: Canary, shell: Shell, out: Output) {
    this.#canary = canary
    this.#shell = shell
    this.#out = out
    this.#redraw = new Redraw((text) => out.raw(text))
    this.#release = followScreen(this.#redraw, shell, () => this.show())
  }

  show(): void {
    const most = Math.max(2, (this.#shell.stdout.rows ?? 24) - 1)
    this.#redraw.draw(canaryLines(this.#canary.report(), this.#out).slice(0, most))
  }

  close(): void {
    this.#redraw.end()
    this.#release()
  }
}
