/**
 * A screen whose modules are asked for when it is first gone to, or when there is nothing else to do: the first one is there sooner.
 * @module
 */
import { useEffect, useState } from 'preact/hooks'
import { Cell, useCell } from './cell.ts'
import { html, type VNode } from './html.ts'
import { said } from './server.ts'

type Draw = () => VNode

export interface OnDemand {
  readonly draw: Draw
  /** Asks for it, without showing it. */
  readonly fetch: () => Promise<void>
}

export function onDemand(load: () => Promise<Draw>): OnDemand {
  const there = new Cell<Draw | null>(null)
  const fetch = async (): Promise<void> => {
    if (there.value === null) there.value = await load()
  }
  const draw = (): VNode => {
    const own = useCell(there)
    const [problem, setProblem] = useState<string | null>(null)
    const ask = (): void => {
      setProblem(null)
      fetch().catch((error: unknown) => setProblem(said(error)))
    }
    useEffect(ask, [])
    if (own !== null) return html`<${own} />`
    if (problem === null) return html`<p class="loading">Loading…</p>`
    return html`<div class="notice problem row" role="alert">
      <span>${problem}</span><button onClick=${ask}>Try again</button>
    </div>`
  }
  return { draw, fetch }
}
