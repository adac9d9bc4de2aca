/**
 * A plot over time. Painted at most once a second, when there is something new, and not at all where nobody looks. What it shows is
 * also there as text: a sentence, and the last values as a table.
 * @module
 */
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import type { Mark } from '../../api/index.ts'
import { useCell } from '../cell.ts'
import { html, type ComponentChildren, type VNode } from '../html.ts'
import { colourOf } from '../lanes.ts'
import { windowSeconds } from '../live.ts'
import { dark } from '../theme.ts'
import { paintMarks } from './plot-marks.ts'

export interface PlotSeries {
  readonly label: string
  readonly colour: string
  readonly width: number
  readonly dash?: readonly number[]
  /** Filled down to the next series, or to zero. */
  readonly filled?: boolean
}

export interface PlotProps {
  readonly title: string
  /** What the plot says now, in a sentence. */
  readonly summary: string
  /** First the times in seconds since the epoch. */
  readonly data: uPlot.AlignedData
  readonly series: readonly PlotSeries[]
  readonly marks: readonly Mark[]
  readonly logarithmic?: boolean
  readonly height?: number
  /** For people: `12 ms`. */
  readonly value: (value: number) => string
  /** Value at the pointer, by series. Default: the value of the data. */
  readonly read?: (series: number, index: number) => number | null | undefined
  readonly children?: ComponentChildren
}

export function Plot(props: PlotProps): VNode {
  const { title, summary, data, series, height = 260, children } = props
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const latest = useRef(props)
  latest.current = props
  const isDark = useCell(dark)
  const shape = `${isDark} ${height} ${series.map(({ label, colour }) => label + colour).join()}`

  useEffect(() => {
    const element = place.current!
    const made = new uPlot(optionsOf(latest, element.clientWidth, height), latest.current.data, element)
    plot.current = made
    const sized = new ResizeObserver(() => {
      if (element.clientWidth !== made.width) made.setSize({ width: element.clientWidth, height })
    })
    sized.observe(element)
    return () => {
      sized.disconnect()
      made.destroy()
      plot.current = null
    }
  }, [shape])
  useEffect(() => plot.current?.setData(data), [data, props.marks])

  return html`<figure class="plot">
    <div class="plot-area" role="img" aria-label=${`${title}. ${summary}`} ref=${place}></div>
    ${children}
  </figure>`
}

interface Latest {
  readonly current: PlotProps
}

function optionsOf(latest: Latest, width: number, height: number): uPlot.Options {
  const { series, logarithmic, value } = latest.current
  const muted = colourOf('--muted')
  const grid = { stroke: colourOf('--line'), width: 1 }
  const font = `12px ${getComputedStyle(document.body).fontFamily}`
  const axis = { stroke: muted, font, grid, ticks: { show: false } }
  return {
    width,
    height,
    padding: [24, 24, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    scales: {
      x: { time: true, range: (_, first, end) => [spanStart(first, end), end] },
      y: logarithmic ? { distr: 3, log: 10, range: logRange } : { range: (_, __, most) => [0, niceTop(most)] },
    },
    axes: [
      { ...axis, size: 32, space: 80, values: (_, splits) => splits.map((at) => clock.format(at * 1000)) },
      {
        ...axis,
        size: 64,
        space: 32,
        ...(logarithmic ? { splits: decades, filter: (_: uPlot, splits: number[]) => splits } : {}),
        values: (_, splits) => splits.map((each) => (each === null ? '' : value(each))),
      },
    ],
    series: [
      {},
      ...series.map(({ label, colour, width, dash, filled }) => ({
        label,
        stroke: colour,
        width,
        ...(dash ? { dash: [...dash] } : {}),
        ...(filled ? { fill: colour } : {}),
        points: { show: false },
        spanGaps: false,
      })),
    ],
    hooks: {
      draw: [(self) => paintMarks(self, latest.current.marks)],
      setCursor: [(self) => showValues(self, latest.current)],
    },
  }
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })

/** At least a minute, at most all that is kept: what has just begun is not a sliver at the edge. */
function spanStart(first: number, end: number): number {
  return Math.min(end - 60, Math.max(first, end - windowSeconds + 1))
}

/** Whole decades around what there is, so that the lines do not jump. */
function logRange(_: uPlot, least: number | null, most: number | null): [number, number] {
  if (least === null || most === null) return [1, 1000]
  const low = 10 ** Math.floor(Math.log10(Math.max(least, 0.1)))
  const high = 10 ** Math.ceil(Math.log10(Math.max(most, 1)))
  return [low, Math.max(high, low * 100)]
}

function decades(self: uPlot): number[] {
  const { min = 1, max = 1000 } = self.scales['y']!
  const all: number[] = []
  for (let at = min; at <= max * 1.001; at *= 10) all.push(at)
  return all
}

/** The next of 1, 2, 5 × 10ⁿ. */
function niceTop(most: number | null): number {
  if (most === null || most <= 0) return 10
  const unit = 10 ** Math.floor(Math.log10(most))
  return unit * ([1, 2, 5, 10].find((step) => step * unit >= most * 1.05) ?? 20)
}

/** A small table at the pointer. */
function showValues(self: uPlot, { series, value, read }: PlotProps): void {
  const index = self.cursor.idx
  let tip = self.over.querySelector<HTMLElement>('.tip')
  if (index === null || index === undefined || (self.cursor.left ?? -1) < 0) {
    tip?.remove()
    return
  }
  if (tip === null) {
    tip = document.createElement('div')
    tip.className = 'tip'
    self.over.append(tip)
  }
  const rows = series.flatMap(({ label, colour }, at) => {
    const known = read === undefined ? self.data[at + 1]![index] : read(at, index)
    if (known === null || known === undefined) return []
    const row = document.createElement('div')
    const mark = document.createElement('i')
    mark.style.background = colour
    row.append(mark, `${label}: ${value(known)}`)
    return [row]
  })
  const when = document.createElement('b')
  when.textContent = clock.format(self.data[0][index]! * 1000)
  tip.replaceChildren(when, ...rows)
  const left = self.cursor.left!
  const flip = left > self.over.clientWidth / 2
  tip.style.left = flip ? 'auto' : `${left + 12}px`
  tip.style.right = flip ? `${self.over.clientWidth - left + 12}px` : 'auto'
}
