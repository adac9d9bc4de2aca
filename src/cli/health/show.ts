/**
 * The verdict of `veltrix health`: once, again and again, or until all is well.
 * @module
 */
import { sleep } from '../../clock.ts'
import { Interrupts } from '../dev/interrupts.ts'
import { findingLines } from '../doctor/lines.ts'
import { exitCodes } from '../exit-codes.ts'
import { moment } from '../format.ts'
import type { Output } from '../output.ts'
import type { Shell } from '../shell.ts'
import { didYouMean } from '../suggestion.ts'
import { oneOf } from '../values.ts'
import { followScreen } from '../view/follow-screen.ts'
import { Redraw } from '../view/redraw.ts'
import { withApp } from '../with-app.ts'
import { HealthChecker, type HealthWanted, type Verdict } from './checker.ts'

export interface LookingAgain {
  readonly watch: boolean
  readonly exitWhenHealthy: boolean
  /** Of `exitWhenHealthy`. */
  readonly timeoutMs: number
  readonly intervalMs: number
}

export function showHealth(
  place: string | undefined,
  wanted: HealthWanted,
  again: LookingAgain,
  shell: Shell,
  out: Output,
): Promise<number> {
  return withApp(place, shell, async ({ config }) => {
    const lanes = config.lanes.map(({ name }) => name)
    for (const lane of wanted.maxLagMs.keys()) {
      oneOf(
        'lane',
        lane,
        lanes,
        didYouMean(lane, lanes, (found) => `"${found}"`),
      )
    }
    const checker = new HealthChecker(config, wanted, shell)
    try {
      if (!again.watch && !again.exitWhenHealthy) return await showOnce(checker, out)
      return await showAgain(checker, again, shell, out)
    } finally {
      await checker.close()
    }
  })
}

async function showOnce(checker: HealthChecker, out: Output): Promise<number> {
  const verdict = await checker.look()
  await show(verdict, out)
  return codeOf(verdict)
}

/** The exit code is the last verdict's. */
async function showAgain(
  checker: HealthChecker,
  { watch, exitWhenHealthy, timeoutMs, intervalMs }: LookingAgain,
  shell: Shell,
  out: Output,
): Promise<number> {
  const { clock } = shell
  const interrupts = new Interrupts(shell)
  const ended = AbortSignal.any([interrupts.signal, out.gone])
  const frame = watch && shell.stdout.isTTY === true && !out.json ? new HealthFrame(shell, out) : undefined
  const until = exitWhenHealthy ? clock.monotonic() + timeoutMs : Infinity
  try {
    for (;;) {
      const verdict = await checker.look()
      if (frame !== undefined) frame.show(verdict)
      else if (watch || verdict.healthy) await show(verdict, out)
      if (exitWhenHealthy && verdict.healthy) return exitCodes.ok
      const left = until - clock.monotonic()
      if (left <= 0 || ended.aborted) return await giveUp(verdict, watch, out)
      await sleep(clock, Math.min(intervalMs, left), ended).catch(() => undefined)
      if (ended.aborted) return codeOf(verdict)
    }
  } finally {
    frame?.close()
    interrupts.close()
  }
}

/** What was not shown while waiting is shown at the end. */
async function giveUp(verdict: Verdict, wasShown: boolean, out: Output): Promise<number> {
  if (!wasShown) await show(verdict, out)
  return codeOf(verdict)
}

function codeOf({ healthy }: Verdict): number {
  return healthy ? exitCodes.ok : exitCodes.unhealthy
}

async function show(verdict: Verdict, out: Output): Promise<void> {
  if (out.json) await out.result({ ...verdict, at: new Date(verdict.at).toISOString() })
  else await out.lines(...healthLines(verdict, out))
}

/** One line when all is well; else what is not, with what to do. */
function healthLines({ healthy, checks, at, tookMs }: Verdict, out: Pick<Output, 'paint' | 'width'>): string[] {
  const when = out.paint.faint(`${moment(at)} UTC, ${tookMs} ms`)
  if (healthy) return [`${out.paint.good('healthy')}  ${checks.map(({ says }) => says).join('; ')}  ${when}`]
  const ill = checks.filter((each) => !each.healthy)
  return [
    `${out.paint.bad('unhealthy')}  ${when}`,
    ...findingLines(
      ill.map((each) => ({ ...each, status: 'wrong' as const })),
      out,
    ),
  ]
}

/** The verdict redrawn in place. */
class HealthFrame {
  readonly #shell: Shell
  readonly #out: Output
  readonly #redraw: Redraw
  readonly #release: () => void
  #lines: readonly string[] = []

  constructor(shell: Shell, out: Output) {
    this.#shell = shell
    this.#out = out
    this.#redraw = new Redraw((text) => out.raw(text))
    this.#release = followScreen(this.#redraw, shell, () => this.#draw())
  }

  show(verdict: Verdict): void {
    this.#lines = healthLines(verdict, this.#out)
    this.#draw()
  }

  close(): void {
    this.#redraw.end()
    this.#release()
  }

  #draw(): void {
    const most = Math.max(2, (this.#shell.stdout.rows ?? 24) - 1)
    this.#redraw.draw(this.#lines.slice(0, most))
  }
}
