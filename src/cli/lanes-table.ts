/**
 * The table of `veltrix lanes`.
 * @module
 */
import { sleep } from '../clock.ts'
import type { LoadedApp } from './app-module.ts'
import { Interrupts } from './dev/interrupts.ts'
import { count, span } from './format.ts'
import type { Output } from './output.ts'
import type { Shell } from './shell.ts'
import { LagReader, type TimedLaneLag } from '../telemetry/lag/index.ts'
import { tableLines } from './table.ts'
import { followScreen } from './view/follow-screen.ts'
import { Redraw } from './view/redraw.ts'

export interface LanesOptions {
  readonly subscription: string | undefined
  /** Undefined shows it once. */
  readonly watchMs: number | undefined
}

/** Prints the lag once, or until a signal. */
export async function showLanes(
  { app, config }: LoadedApp,
  options: LanesOptions,
  shell: Shell,
  out: Output,
): Promise<void> {
  const lag = new LagReader({ log: await app.open(), config, clock: shell.clock })
  const rows = async (): Promise<TimedLaneLag[]> =>
    (await lag.read()).lanes.filter(({ subscription }) => subscription === (options.subscription ?? subscription))
  if (options.watchMs === undefined) return show(await rows(), out)
  await watch(rows, options.watchMs, shell, out)
}

async function watch(rows: () => Promise<TimedLaneLag[]>, everyMs: number, shell: Shell, out: Output): Promise<void> {
  const interrupts = new Interrupts(shell)
  const ended = AbortSignal.any([interrupts.signal, out.gone])
  const frame = shell.stdout.isTTY && !out.json ? new LanesFrame(shell, out) : undefined
  try {
    while (!ended.aborted) {
      const now = await rows()
      if (frame) frame.show(now)
      else await show(now, out)
      await sleep(shell.clock, everyMs, ended).catch(() => undefined)
    }
  } finally {
    frame?.close()
    interrupts.close()
  }
}

/** The table redrawn in place. */
class LanesFrame {
  readonly #shell: Shell
  readonly #out: Output
  readonly #redraw: Redraw
  readonly #release: () => void
  #rows: readonly TimedLaneLag[] = []

  constructor(shell: Shell, out: Output) {
    this.#shell = shell
    this.#out = out
    this.#redraw = new Redraw((text) => out.raw(text))
    this.#release = followScreen(this.#redraw, shell, () => this.show(this.#rows))
  }

  show(rows: readonly TimedLaneLag[]): void {
    this.#rows = rows
    const most = Math.max(2, (this.#shell.stdout.rows ?? 24) - 1)
    this.#redraw.draw(laneLines(rows, this.#out).slice(0, most))
  }

  close(): void {
    this.#redraw.end()
    this.#release()
  }
}

async function show(rows: readonly TimedLaneLag[], out: Output): Promise<void> {
  if (out.json) await out.result({ lanes: rows })
  else await out.lines(...laneLines(rows, out))
}

function laneLines(rows: readonly TimedLaneLag[], out: Pick<Output, 'paint' | 'width'>): string[] {
  return tableLines({
    columns: [
      { title: 'SUBSCRIPTION', flexible: true },
      { title: 'LANE' },
      { title: 'LAG', align: 'right' },
      { title: 'OLDEST', align: 'right', dispensable: 5 },
      { title: 'COMMITTED', align: 'right', dispensable: 1 },
      { title: 'END', align: 'right', dispensable: 2 },
      { title: 'PARTITIONS', align: 'right', dispensable: 3 },
      { title: 'MEMBERS', flexible: true, dispensable: 4 },
    ],
    rows: rows.map((row) => [
      row.subscription,
      row.lane,
      count(row.lag),
      oldest(row),
      row.committed === null ? 'never' : count(row.committed),
      count(row.end),
      count(row.partitions),
      row.members.join(', ') || 'none',
    ]),
    width: out.width,
    paint: out.paint,
    tint: (cell, row, column) => {
      if (column === 0) return out.paint.name(cell)
      return column === 2 && rows[row]!.lag > 0 ? out.paint.warn(cell) : cell
    },
  })
}

function oldest({ lag, lagSeconds }: TimedLaneLag): string {
  if (lag === 0) return ''
  return lagSeconds === null ? 'unknown' : span(lagSeconds * 1000)
}
