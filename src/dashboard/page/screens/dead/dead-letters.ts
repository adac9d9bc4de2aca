/**
 * What failed for good: groups of errors that look alike, letters, and what may be done with them.
 * @module
 */
import { useState } from 'preact/hooks'
import { useCell } from '../../cell.ts'
import { count } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { secondsSeen } from '../../live.ts'
import { Empty } from '../../parts/empty.ts'
import { go, href, useNarrowing, useRoute } from '../../router.ts'
import { useSystem } from '../../system.ts'
import { Audit } from './audit.ts'
import { Letters } from './letters.ts'
import { Redrives } from './redrives.ts'

const views = [
  ['letters', 'Letters'],
  ['redrives', 'Redrives'],
  ['audit', 'Audit'],
] as const

/** The subscription of the address, of what narrows, or the one with the most letters. */
export function useSubscription(): string | null {
  const { path } = useRoute()
  const { subscription } = useNarrowing()
  const { subscriptions } = useSystem()
  const now = useCell(secondsSeen).at(-1)
  const [first] = useState(
    () => subscriptions.toSorted((a, b) => lettersOf(b.name) - lettersOf(a.name))[0]?.name ?? null,
  )
  return path[1] ?? subscription ?? first
  function lettersOf(name: string): number {
    return now?.subscriptions[name]?.deadLetters ?? 0
  }
}

export function DeadLetters(): VNode {
  const { path } = useRoute()
  const { subscriptions } = useSystem()
  const subscription = useSubscription()
  const now = useCell(secondsSeen).at(-1)
  if (subscription === null) {
    return html`<h1>Dead letters</h1>
      <${Empty} title="No subscriptions"><p>The typed file names none, so nothing can fail.</p><//>`
  }
  const view = path[2] ?? 'letters'
  const choose = (event: Event): void => {
    const name = (event.target as HTMLSelectElement).value
    go(href(['dead', name], { subscription: name }))
  }
  return html`
    <div class="title">
      <h1>Dead letters</h1>
      <label class="row grow">
        <span class="muted">of the subscription</span>
        <select value=${subscription} onChange=${choose}>
          ${subscriptions.map(({ name }) => {
            const letters = now?.subscriptions[name]?.deadLetters
            return html`<option key=${name} value=${name} selected=${name === subscription}>
              ${name}${letters ? ` (${count(letters)})` : ''}
            </option>`
          })}
        </select>
      </label>
    </div>
    <nav class="tabs" aria-label="Dead letters">
      ${views.map(
        ([name, title]) =>
          html`<a
            key=${name}
            href=${href(name === 'letters' ? ['dead', subscription] : ['dead', subscription, name])}
            aria-current=${name === view ? 'page' : undefined}
            >${title}</a
          >`,
      )}
    </nav>
    ${
      view === 'redrives'
        ? html`<${Redrives} subscription=${subscription} />`
        : view === 'audit'
          ? html`<${Audit} subscription=${subscription} />`
          : html`<${Letters} key=${subscription} subscription=${subscription} />`
    }
  `
}
