/**
 * Events handled per second, the lanes on top of each other. The most urgent lies at the bottom, where its changes are seen.
 * @module
 */
import { useMemo } from 'preact/hooks'
import type { LiveSecond, Mark } from '../../../api/index.ts'
import { useCell } from '../../cell.ts'
import { rate } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { laneColour, LaneTag } from '../../lanes.ts'
import { Plot, type PlotSeries } from '../../parts/plot.ts'
import { dark } from '../../theme.ts'
import type { Shown } from './shown.ts'
import { columns } from './series.ts'
import { LastValues } from './last-values.ts'

export function ThroughputPlot({ seconds, lanes, marks }: Shown & { marks: readonly Mark[] }): VNode {
  const isDark = useCell(dark)
  // The whole is painted first, what lies below it over it.
  const stacked = useMemo(() => lanes.map((_, index) => lanes.slice(0, lanes.length - index)), [lanes.join()])
  const series = useMemo(
    () =>
      stacked.map((below): PlotSeries => {
        const lane = below.at(-1)!
        return { label: lane, colour: laneColour(lane), width: 1, filled: true }
      }),
    [stacked, isDark],
  )
  const data = useMemo(
    () =>
      columns(
        seconds,
        stacked.map((below) => (second: LiveSecond) => sum(second, below)),
      ),
    [seconds, stacked],
  )
  const alone = (index: number, at: number): number | null => {
    const upTo = data[index + 1]![at]
    return upTo === null || upTo === undefined ? null : upTo - (data[index + 2]?.[at] ?? 0)
  }
  const now = seconds.at(-1)
  return html`<section class="card">
    <header>
      <h2>Throughput by lane</h2>
      <span class="muted small grow">events handled per second</span>
      <div class="legend">${lanes.map((lane) => html`<${LaneTag} key=${lane} lane=${lane} />`)}</div>
    </header>
    <${Plot}
      title="Events handled per second by lane over the last five minutes"
      summary=${`Now ${lanes.map((lane) => `${lane} ${rate(now?.lanes[lane]?.handled)}`).join(', ')}.`}
      data=${data}
      series=${series}
      marks=${marks}
      height=${200}
      value=${rate}
      read=${alone}
    >
      <${LastValues}
        caption="Events handled per second"
        seconds=${seconds}
        columns=${lanes.map((lane) => ({
          name: lane,
          of: (second: LiveSecond) => rate(second.lanes[lane]?.handled),
        }))}
      />
    <//>
  </section>`
}

function sum({ lanes }: LiveSecond, names: readonly string[]): number | null {
  const known = names.flatMap((name) => lanes[name]?.handled ?? [])
  return known.length === 0 ? null : known.reduce((all, each) => all + each, 0)
}
