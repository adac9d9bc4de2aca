/**
 * Each lane has one colour everywhere, by its place among the lanes: the most urgent is the first. The colours are told apart by people
 * with any colour vision, and never stand alone: a name is beside them.
 * @module
 */
import { html, type VNode } from './html.ts'
import { system } from './system.ts'

const colours = 8

/** 0…7; the lane a name does not belong to is the last. */
export function laneIndex(lane: string): number {
  const index = system.value?.lanes.indexOf(lane) ?? -1
  return index === -1 ? colours - 1 : index % colours
}

/** As the page has it now, for what is painted. */
export function laneColour(lane: string): string {
  return colourOf(`--lane-${laneIndex(lane)}`)
}

/** The computed value of a registered colour of styles/base.css. */
export function colourOf(property: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(property)
}

export function LaneTag({ lane }: { lane: string }): VNode {
  return html`<span class=${`lane lane-${laneIndex(lane)}`}>${lane}</span>`
}

/** Of what is there now; lanes the application does not name (any more) come last. */
export function inLaneOrder(lanes: Iterable<string>): string[] {
  const order = system.value?.lanes ?? []
  const place = (lane: string): number => {
    const index = order.indexOf(lane)
    return index === -1 ? order.length : index
  }
  return [...lanes].toSorted((a, b) => place(a) - place(b) || a.localeCompare(b))
}
