/**
 * All keys, and the switch that turns them off.
 * @module
 */
import { useCell } from './cell.ts'
import { html, type VNode } from './html.ts'
import { Dialog } from './parts/dialog.ts'
import { screens } from './screens.ts'
import { setShortcuts, shortcutsOn } from './shortcuts.ts'

export function KeysDialog({ close }: { close: () => void }): VNode {
  const on = useCell(shortcutsOn)
  const keys: readonly (readonly [string, string])[] = [
    ['?', 'This list'],
    ['/', 'To the first filter of the screen'],
    ['↑ ↓', 'Along a list; Home and End to its ends'],
    ['Enter', 'Open what is chosen'],
    ['Esc', 'Close a dialog; nothing is done'],
  ]
  return html`<${Dialog} title="Keys" close=${close}>
    <dl class="facts">
      ${screens.map(
        ({ key, title }) =>
          html`<dt key=${title}><kbd>g</kbd> <kbd>${key}</kbd></dt>
            <dd>${title}</dd>`,
      )}
      ${keys.map(
        ([key, what]) =>
          html`<dt key=${key}><kbd>${key}</kbd></dt>
            <dd>${what}</dd>`,
      )}
    </dl>
    <label class="row">
      <input
        type="checkbox"
        checked=${on}
        onChange=${(event: Event) => setShortcuts((event.target as HTMLInputElement).checked)}
      />
      Keys of one letter work
    </label>
    <div class="actions"><button class="primary" onClick=${close}>Close</button></div>
  <//>`
}
