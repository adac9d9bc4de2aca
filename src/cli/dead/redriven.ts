/**
 * Redriving, told as it goes, and what came of it.
 * @module
 */
import type { DeadLetters, LetterResult, LetterSelection, RedriveProgress } from '../../deadletter/index.ts'
import type { Clock } from '../../clock.ts'
import type { LoadedApp } from '../app-module.ts'
import { Interrupts } from '../dev/interrupts.ts'
import { exitCodes } from '../exit-codes.ts'
import { clip, compact, count } from '../format.ts'
import type { Output } from '../output.ts'
import type { Screen, Shell } from '../shell.ts'
import { anyRefused, resultLines, resultsJson } from './letters.ts'

export interface Redrive {
  readonly subscription: string
  readonly selection: LetterSelection
  readonly dryRun: boolean
  readonly wait: boolean
  readonly rate: number | undefined
  readonly reason: string | undefined
}

/** Requests the letters and says what became of each. Resolves to the exit code. */
export async function redriven(
  desk: DeadLetters,
  redrive: Redrive,
  loaded: LoadedApp,
  shell: Shell,
  out: Output,
): Promise<number> {
  const { subscription, dryRun } = redrive
  const line = new ProgressLine(shell)
  if (!dryRun) await warnWithoutWorker(desk, redrive, loaded, out)
  const results = await requested(desk, redrive, line, shell)
  line.clear()
  if (results === undefined) return interrupted(redrive, line.last, out)
  if (out.json) {
    const { total, toRequest, requested } = line.last
    const figures = dryRun
      ? await desk.dryRun(subscription, 'redrive', redrive.selection)
      : { total, toRequest, requested }
    await out.result({ subscription, dryRun, interrupted: false, ...figures, results: resultsJson(results) })
  } else await out.lines(...resultLines(results, out))
  return anyRefused(results) ? exitCodes.failed : exitCodes.ok
}

/** Undefined when a signal ended it. */
async function requested(
  desk: DeadLetters,
  { subscription, selection, dryRun, wait, rate, reason }: Redrive,
  line: ProgressLine,
  shell: Shell,
): Promise<readonly LetterResult[] | undefined> {
  const interrupts = new Interrupts(shell)
  try {
    return await desk.redrive(subscription, selection, {
      dryRun,
      wait,
      signal: interrupts.signal,
      progress: (progress) => line.show(progress),
      ...(rate === undefined ? {} : { rate }),
      ...(reason === undefined ? {} : { reason }),
    })
  } catch (error) {
    if (interrupts.signal.aborted) return undefined
    throw error
  } finally {
    interrupts.close()
  }
}

async function interrupted({ subscription, dryRun }: Redrive, last: RedriveProgress, out: Output): Promise<number> {
  const notRequested = last.toRequest - last.requested
  if (out.json) await out.result({ subscription, dryRun, interrupted: true, ...last, notRequested, results: [] })
  else await out.lines(`interrupted: ${progressText(last)}; ${count(notRequested)} not requested`)
  if (last.requested > 0) out.note('What was requested is carried out all the same; "dead audit" tells how it went.')
  return exitCodes.failed
}

async function warnWithoutWorker(
  desk: DeadLetters,
  { subscription, selection, wait }: Redrive,
  { app, config }: LoadedApp,
  out: Output,
): Promise<void> {
  const { outcomes } = await desk.dryRun(subscription, 'redrive', selection)
  if (!outcomes['would-redrive'] && !outcomes['already-redriving']) return
  const log = await app.open()
  const groups = await log.admin.groups([config.subscriptions.get(subscription)!.group])
  if (groups.some(({ members }) => members.length > 0)) return
  const then = wait ? 'Waiting until one does' : 'The request is carried out when one does'
  out.note(`No worker runs ${subscription} now. ${then}: veltrix dev, or app.run().`)
}

function progressText({ total, toRequest, requested, redriven, failed }: RedriveProgress): string {
  const others = total === toRequest ? '' : ` (of ${count(total)} letters, the others need no request)`
  const reported = redriven + failed === 0 ? '' : `, ${count(redriven)} redriven, ${count(failed)} failed`
  return `${count(requested)} of ${count(toRequest)} requested${others}${reported}`
}

const redrawMs = 100

/** One line on a terminal's stderr, redrawn; nothing elsewhere. */
class ProgressLine {
  readonly #screen: Screen
  readonly #clock: Clock
  readonly #startedAt: number
  #drawnAt = -Infinity
  last: RedriveProgress = { total: 0, toRequest: 0, requested: 0, redriven: 0, failed: 0 }

  constructor({ stderr, clock }: Pick<Shell, 'stderr' | 'clock'>) {
    this.#screen = stderr
    this.#clock = clock
    this.#startedAt = clock.monotonic()
  }

  /** Workers report faster than anybody reads. */
  show(progress: RedriveProgress): void {
    this.last = progress
    const now = this.#clock.monotonic()
    if (this.#screen.isTTY !== true || now - this.#drawnAt < redrawMs) return
    this.#drawnAt = now
    const { requested, redriven, failed } = progress
    const perSecond = (1000 * Math.max(requested, redriven + failed)) / Math.max(1, now - this.#startedAt)
    const text = `${progressText(progress)}, ${compact(perSecond)}/s`
    this.#screen.write(`\r${clip(text, (this.#screen.columns ?? 80) - 1)}\u001B[K`)
  }

  clear(): void {
    if (this.#screen.isTTY === true) this.#screen.write('\r\u001B[K')
  }
}
