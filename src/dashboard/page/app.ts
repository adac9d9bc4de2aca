/**
 * The frame of every screen: head, what narrows, banners, and the screen that the address asks for.
 * @module
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import { useCell } from './cell.ts'
import { later } from './clock.ts'
import { SessionEnded } from './ended.ts'
import { Head } from './head.ts'
import { html, type VNode } from './html.ts'
import { followLive } from './live.ts'
import { Toasts } from './parts/toasts.ts'
import { useRoute } from './router.ts'
import { fetchScreens, screenOf } from './screens.ts'
import { said } from './server.ts'
import { session } from './session.ts'
import { followShortcuts } from './shortcuts.ts'
import { readSystem, system } from './system.ts'

export function App(): VNode {
  const view = useCell(system)
  const state = useCell(session)
  const [problem, setProblem] = useState<string | null>(null)
  const read = (): void => {
    setProblem(null)
    readSystem().catch((error: unknown) => setProblem(said(error)))
  }
  useEffect(read, [state])
  // Another process may answer after a lost connection: it is asked again what it is.
  useEffect(() => (view === null ? undefined : followLive(() => readSystem().catch(() => {}))), [view === null, state])
  useEffect(followShortcuts, [])
  if (state === 'ended') return html`<${SessionEnded} />`
  if (view === null) {
    if (problem === null) return html`<p class="loading">Loading…</p>`
    return html`<main class="loading">
      <div class="notice problem" role="alert">${problem}</div>
      <button onClick=${read}>Try again</button>
    </main>`
  }
  return html`<${Frame} />`
}

const fetchAfterMs = 1_000

function Frame(): VNode {
  const { path } = useRoute()
  const screen = screenOf(path)
  const main = useRef<HTMLElement>(null)
  const first = useRef(true)
  useEffect(() => later(fetchAfterMs, () => void fetchScreens()), [])
  useEffect(() => {
    document.title = `${screen.title} · ${system.value!.app} · Veltrix`
    // Whoever reads by ear or keyboard begins at the new screen.
    if (!first.current) main.current?.focus({ preventScroll: true })
    first.current = false
  }, [path.join('/')])
  return html`
    <a class="skip" href="#main" onClick=${skipTo(main)}>Skip to the screen</a>
    <${Head} at=${screen.name} />
    <main id="main" tabindex="-1" ref=${main}><${screen.draw} key=${screen.name} /></main>
    <${Toasts} />
  `
}

/** The address is where we are, so a link into the page must not change it. */
function skipTo(main: { readonly current: HTMLElement | null }): (event: Event) => void {
  return (event) => {
    event.preventDefault()
    main.current?.focus()
  }
}
