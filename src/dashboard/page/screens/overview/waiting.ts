/**
 * Waiting time by lane: from publish to the start of the handler. Logarithmic, so that the flat line of the critical lane and a bulk flood that
 * waits a thousand times as long are seen in one picture.
 * @module
 */
import { useMemo } from 'preact/hooks'
import type { Mark } from '../../../api/index.ts'
import { useCell } from '../../cell.ts'
import { duration } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { laneColour, laneIndex } from '../../lanes.ts'
import { Plot, type PlotSeries } from '../../parts/plot.ts'
import { dark } from '../../theme.ts'
import type { Shown } from './shown.ts'
import { columns } from './series.ts'
import { LastValues } from './last-values.ts'

export function WaitingPlot({ seconds, lanes, marks }: Shown & { marks: readonly Mark[] }): VNode {
  const isDark = useCell(dark)
  const series = useMemo(
    () =>
      lanes.flatMap((lane): PlotSeries[] => {
        const colour = laneColour(lane)
        return [
          { label: `${lane} p99`, colour, width: 2 },
          { label: `${lane} p50`, colour, width: 1, dash: [4, 3] },
        ]
      }),
    [lanes.join(), isDark],
  )
  const data = useMemo(
    () =>
      columns(
        seconds,
        lanes.flatMap((lane) => [
          // A logarithm has no zero.
          ({ lanes }) => floored(lanes[lane]?.p99Ms),
          ({ lanes }) => floored(lanes[lane]?.p50Ms),
        ]),
      ),
    [seconds, lanes.join()],
  )
  const worst = lanes.map((lane, index) => {
    const values = (data[index * 2 + 1] as (number | null)[]).filter((value) => value !== null)
    return `${lane}: p99 at most ${duration(values.length === 0 ? null : Math.max(...values))}`
  })
  return html`<section class="card">
    <header>
      <h2>Waiting time by lane</h2>
      <span class="muted small grow">publish to handler start, logarithmic</span>
      <div class="legend">
        ${lanes.map((lane) => html`<span key=${lane} class=${`lane thick lane-${laneIndex(lane)}`}>${lane} p99</span>`)}
        <span class="lane thin lane-7">p50</span>
      </div>
    </header>
    <${Plot}
      title="Waiting time by lane over the last five minutes"
      summary=${`${worst.join('; ')}.`}
      data=${data}
      series=${series}
      marks=${marks}
      logarithmic
      value=${duration}
    >
      <${LastValues}
        caption="Waiting time"
        seconds=${seconds}
        columns=${lanes.flatMap((lane) => [
          { name: `${lane} p50`, of: (second: Shown['seconds'][number]) => duration(second.lanes[lane]?.p50Ms) },
          { name: `${lane} p99`, of: (second: Shown['seconds'][number]) => duration(second.lanes[lane]?.p99Ms) },
        ])}
      />
    <//>
  </section>`
}

function floored(ms: number | null | undefined): number | null {
  return ms === null || ms === undefined ? null : Math.max(ms, 0.1)
}
