/**
 * Tabs of one place. Arrow keys go along them.
 * @module
 */
import { useId, useRef, useState } from 'preact/hooks'
import { html, type VNode } from '../html.ts'

export interface Tab {
  readonly name: string
  readonly title: string
  readonly draw: () => VNode
}

export function Tabs({ label, tabs, first }: { label: string; tabs: readonly Tab[]; first?: string }): VNode {
  const id = useId()
  const [chosen, choose] = useState(first ?? tabs[0]!.name)
  const list = useRef<HTMLDivElement>(null)
  const tab = tabs.find(({ name }) => name === chosen) ?? tabs[0]!
  const pressed = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (step === 0) return
    event.preventDefault()
    const index = (tabs.indexOf(tab) + step + tabs.length) % tabs.length
    choose(tabs[index]!.name)
    list.current?.querySelectorAll<HTMLElement>('[role=tab]')[index]?.focus()
  }
  return html`
    <div class="tabs" role="tablist" aria-label=${label} ref=${list} onKeyDown=${pressed}>
      ${tabs.map(
        ({ name, title }) =>
          html`<button
            key=${name}
            role="tab"
            type="button"
            id=${`${id}-${name}`}
            aria-selected=${name === tab.name}
            aria-controls=${`${id}-panel`}
            tabindex=${name === tab.name ? 0 : -1}
            onClick=${() => choose(name)}
          >
            ${title}
          </button>`,
      )}
    </div>
    <div role="tabpanel" id=${`${id}-panel`} aria-labelledby=${`${id}-${tab.name}`} key=${tab.name}>${tab.draw()}</div>
  `
}
