/**
 * What was asked of the server: there, on its way, or refused with a reason.
 * @module
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import { html, type VNode } from '../html.ts'
import { said } from '../server.ts'

export interface Asked<T> {
  /** What came last; stays while it is asked again. */
  readonly value: T | null
  readonly problem: string | null
  readonly asking: boolean
  again(): void
}

/** Asks when one of `on` changes; an answer that comes too late is dropped. */
export function useAsked<T>(ask: (signal: AbortSignal) => Promise<T>, on: readonly unknown[]): Asked<T> {
  const [state, setState] = useState<Omit<Asked<T>, 'again'>>({ value: null, problem: null, asking: true })
  const [times, setTimes] = useState(0)
  const newest = useRef<AbortController | null>(null)
  useEffect(() => {
    const controller = (newest.current = new AbortController())
    setState((before) => ({ ...before, asking: true }))
    ask(controller.signal).then(
      (value) => {
        if (newest.current === controller) setState({ value, problem: null, asking: false })
      },
      (error: unknown) => {
        if (newest.current === controller && !controller.signal.aborted) {
          setState((before) => ({ ...before, problem: said(error), asking: false }))
        }
      },
    )
    return () => controller.abort()
  }, [...on, times])
  return { ...state, again: () => setTimes((before) => before + 1) }
}

/** Why there is nothing to see yet; nothing where there is. */
export function Pending({ asked, what }: { asked: Asked<unknown>; what: string }): VNode | null {
  if (asked.problem !== null) {
    return html`<div class="notice problem row" role="alert">
      <span>${asked.problem}</span><button onClick=${asked.again}>Try again</button>
    </div>`
  }
  return asked.value === null ? html`<p class="loading">Loading ${what}…</p>` : null
}
