/**
 * Head of the page: where to go, what application it is, what narrows, and whether the numbers still come.
 * @module
 */
import { useState } from 'preact/hooks'
import { useCell } from './cell.ts'
import { KeysDialog } from './keys-dialog.ts'
import { html, type VNode } from './html.ts'
import { LaneTag } from './lanes.ts'
import { link } from './live.ts'
import { href, hrefHere, useNarrowing } from './router.ts'
import { screens } from './screens.ts'
import { helpWanted } from './shortcuts.ts'
import { useSystem } from './system.ts'
import { setTheme, theme, themes, type Theme } from './theme.ts'

/** Screens reached from another one, by the one they belong to. */
const parent: Readonly<Record<string, string>> = { event: 'tail', letter: 'dead' }

export function Head({ at }: { at: string }): VNode {
  const current = parent[at] ?? at
  // Links carry what narrows.
  useNarrowing()
  return html`
    <header class="head">
      <div class="head-inner">
        <a class="brand" href=${href(['overview'])}><img src="/page/icon.svg" alt="" />${useSystem().app}</a>
        <nav class="screens" aria-label="Screens">
          <ul>
            ${screens.map(
              ({ name, title }) =>
                html`<li key=${name}>
                  <a href=${href([name])} aria-current=${name === current ? 'page' : undefined}>${title}</a>
                </li>`,
            )}
          </ul>
        </nav>
        <${Tools} />
      </div>
    </header>
    <${Connection} />
    <${Place} />
  `
}

function Tools(): VNode {
  const chosen = useCell(theme)
  const help = useCell(helpWanted)
  const names: Record<Theme, string> = { system: 'System', light: 'Light', dark: 'Dark' }
  return html`<div class="head-tools">
    <label>
      <span class="hidden">Colours</span>
      <select
        value=${chosen}
        onChange=${(event: Event) => setTheme((event.target as HTMLSelectElement).value as Theme)}
      >
        ${themes.map((each) => html`<option key=${each} value=${each} selected=${each === chosen}>${names[each]}</option>`)}
      </select>
    </label>
    <button class="plain" aria-label="Keys" title="Keys (?)" onClick=${() => (helpWanted.value = true)}>?</button>
    ${help && html`<${KeysDialog} close=${() => (helpWanted.value = false)} />`}
  </div>`
}

function Connection(): VNode {
  const { state, problem, tries } = useCell(link)
  const [shown] = useState(() => Symbol('banner'))
  // The element stays, so that what comes into it is read out.
  return html`<div role="status" key=${shown}>
    ${
      state === 'lost' &&
      html`<div class="banner">
        <span><strong>Connection lost.</strong> ${problem}</span>
        <span class="muted"
          >Trying again${tries > 1 ? ` (${tries} times so far)` : ''}; numbers go on by themselves.</span
        >
      </div>`
    }
    ${state === 'refused' && html`<div class="banner"><strong>No live numbers.</strong> ${problem}</div>`}
  </div>`
}

function Place(): VNode {
  const { version, place, inProcess, readOnly } = useSystem()
  const { stream, lane, subscription } = useNarrowing()
  const narrow = [
    ['stream', 'Stream', stream],
    ['lane', 'Lane', lane && html`<${LaneTag} lane=${lane} />`],
    ['subscription', 'Subscription', subscription],
  ] as const
  return html`<div class="place">
    <span>${version} on ${place}</span>
    ${!inProcess && html`<span class="tag" title="The application runs in another process: what only it knows is not here.">seen from outside</span>`}
    ${readOnly && html`<span class="tag warn">read only</span>`}
    ${
      (stream ?? lane ?? subscription) !== null &&
      html`<span class="chips">
        <span>Only</span>
        ${narrow.map(
          ([name, label, value]) =>
            value &&
            html`<span class="chip" key=${name}>
              <span>${label}: ${value}</span>
              <a href=${hrefHere({ [name]: null })} aria-label=${`No longer only this ${label.toLowerCase()}`}>×</a>
            </span>`,
        )}
      </span>`
    }
  </div>`
}
