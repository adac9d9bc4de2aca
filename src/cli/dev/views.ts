/**
 * The three faces of `dev`: a terminal redrawn in place, plain lines, machine output.
 * @module
 */
import { errorJson, type Output } from '../output.ts'
import type { Shell } from '../shell.ts'
import { followScreen } from '../view/follow-screen.ts'
import { frameLines } from '../view/frame.ts'
import type { Gauges } from '../view/gauges.ts'
import { plainLine, plainNote } from '../view/plain.ts'
import { Redraw } from '../view/redraw.ts'
import { guard, stdoutToStderr } from './stdout-guard.ts'
import type { Summary } from './summary.ts'

export interface View {
  /** Shows how things are now. */
  show(): void
  /** One second went by. */
  second(): void
  draining(): void
  /** Nothing is drawn after this; other output is as before. */
  close(): void
  /** The last words. */
  summary(summary: Summary): Promise<void>
}

export interface ViewOptions {
  readonly gauges: Gauges
  readonly shell: Shell
  readonly out: Output
  /** The most urgent lane. */
  readonly lane: string
  readonly place: string
  /** A summary is wanted as the only output (`--for … --json`). */
  readonly onlySummary: boolean
}

const historySeconds = 120

/** Redrawn in place. */
export class LiveView implements View {
  readonly #options: ViewOptions
  readonly #redraw: Redraw
  readonly #release: () => void
  readonly #history: (number | undefined)[] = []
  #draining = false

  constructor(options: ViewOptions) {
    this.#options = options
    const { shell, out } = options
    this.#redraw = new Redraw((text) => out.raw(text))
    const releaseStreams = guard([shell.stdout, shell.stderr], (text) => this.#redraw.above(text))
    const releaseScreen = followScreen(this.#redraw, shell, () => this.show())
    this.#release = () => {
      releaseScreen()
      releaseStreams()
    }
  }

  show(): void {
    const { gauges, shell, out, place } = this.#options
    this.#redraw.draw(
      frameLines({
        snapshot: gauges.snapshot(),
        history: this.#history,
        notes: gauges.notes.last(20),
        place,
        draining: this.#draining,
        memoryBytes: process.memoryUsage.rss(),
        columns: out.width,
        // One row stays free: a frame as high as the terminal would scroll it.
        rows: Math.max(4, (shell.stdout.rows ?? 24) - 1),
        paint: out.paint,
      }),
    )
  }

  second(): void {
    const { gauges, lane, shell } = this.#options
    gauges.notes.flush(shell.clock.now())
    this.#history.push(gauges.lastSecondP99(lane))
    if (this.#history.length > historySeconds) this.#history.shift()
  }

  draining(): void {
    this.#draining = true
    this.show()
  }

  close(): void {
    this.#redraw.end()
    this.#release()
  }

  async summary(summary: Summary): Promise<void> {
    const { summaryLines } = await import('./summary.ts')
    await this.#options.out.lines('', ...summaryLines(summary, this.#options.out))
  }
}

/** A line per interval. */
export class PlainView implements View {
  readonly #options: ViewOptions
  #told = 0
  #gateway: string | null = null
  #dashboard: string | null = null

  constructor(options: ViewOptions) {
    this.#options = options
  }

  show(): void {
    const { gauges, out } = this.#options
    for (const note of gauges.notes.since(this.#told)) out.raw(`${plainNote(note)}\n`)
    this.#told = gauges.notes.added
    if (this.#gateway !== gauges.gateway) out.raw(`gateway on ${gauges.gateway}\n`)
    this.#gateway = gauges.gateway
    if (this.#dashboard !== gauges.dashboard) out.raw(`dashboard on ${gauges.dashboard}\n`)
    this.#dashboard = gauges.dashboard
    out.raw(`${plainLine(gauges.snapshot())}\n`)
  }

  second(): void {
    this.#options.gauges.notes.flush(this.#options.shell.clock.now())
  }

  draining(): void {
    this.#options.out.raw('draining\n')
  }

  close(): void {}

  async summary(summary: Summary): Promise<void> {
    const { summaryLines } = await import('./summary.ts')
    await this.#options.out.lines(...summaryLines(summary, this.#options.out))
  }
}

/** Snapshots as NDJSON and a last line `{"summary":…}`; or nothing but the summary object. */
export class JsonView implements View {
  readonly #options: ViewOptions
  readonly #release: () => void

  constructor(options: ViewOptions) {
    this.#options = options
    const { shell, out } = options
    const releaseStream = stdoutToStderr(shell)
    const releaseDeath = shell.onDeath((error) => {
      if (error !== undefined) out.raw(`${JSON.stringify({ error: errorJson(error) })}\n`)
    })
    this.#release = () => {
      releaseDeath()
      releaseStream()
    }
  }

  show(): void {
    if (!this.#options.onlySummary) this.#options.out.raw(`${JSON.stringify(this.#options.gauges.snapshot())}\n`)
  }

  second(): void {
    this.#options.gauges.notes.flush(this.#options.shell.clock.now())
  }

  draining(): void {}

  close(): void {
    this.#release()
  }

  async summary(summary: Summary): Promise<void> {
    await this.#options.out.result(this.#options.onlySummary ? summary : { summary })
  }
}
