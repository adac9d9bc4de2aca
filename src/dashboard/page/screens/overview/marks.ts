/**
 * What happened lately, in words; and a note of one's own, drawn on every plot of everybody.
 * @module
 */
import { useState } from 'preact/hooks'
import type { Mark } from '../../../api/index.ts'
import { useCell } from '../../cell.ts'
import { now } from '../../clock.ts'
import { time } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { marks, windowSeconds } from '../../live.ts'
import { Dialog } from '../../parts/dialog.ts'
import { say } from '../../parts/toasts.ts'
import { post, said } from '../../server.ts'
import { useSystem } from '../../system.ts'

const kinds: Readonly<Record<Mark['kind'], string>> = {
  deploy: 'Deploy',
  rebalance: 'Rebalance',
  fault: 'Fault',
  breaker: 'Breaker',
  redrive: 'Redrive',
  note: 'Note',
}

export function MarksList(): VNode | null {
  const all = useCell(marks)
  const shown = all.filter(({ at }) => at > now() - windowSeconds * 1000).slice(-12)
  if (shown.length === 0) return null
  return html`<section class="card">
    <h2>What happened</h2>
    <ol class="marks-list">
      ${shown.toReversed().map(({ at, kind, text }) => html`<li key=${`${at} ${text}`}>${time(at)} <strong>${kinds[kind]}</strong> ${text}</li>`)}
    </ol>
  </section>`
}

export function AddMark(): VNode | null {
  const { readOnly } = useSystem()
  const [open, setOpen] = useState(false)
  if (readOnly) return null
  return html`
    <button onClick=${() => setOpen(true)}>Add a note…</button>
    ${open && html`<${MarkDialog} close=${() => setOpen(false)} />`}
  `
}

function MarkDialog({ close }: { close: () => void }): VNode {
  const [text, setText] = useState('')
  const [kind, setKind] = useState<'note' | 'deploy'>('note')
  const add = async (event: Event): Promise<void> => {
    event.preventDefault()
    try {
      await post('marks', { text, kind })
      close()
    } catch (error) {
      say(said(error), true)
    }
  }
  return html`<${Dialog} title="Add a note to the plots" close=${close}>
    <form class="stack" onSubmit=${(event: Event) => void add(event)}>
      <p class="muted">It stands on the plots of everybody who looks, at the time of now.</p>
      <div class="field">
        <label for="mark-kind">Kind</label>
        <select
          id="mark-kind"
          value=${kind}
          onChange=${(event: Event) => setKind((event.target as HTMLSelectElement).value as 'note')}
        >
          <option value="note">Note</option>
          <option value="deploy">Deploy</option>
        </select>
      </div>
      <div class="field">
        <label for="mark-text">Text</label>
        <input
          id="mark-text"
          required
          maxlength="120"
          value=${text}
          onInput=${(event: Event) => setText((event.target as HTMLInputElement).value)}
        />
      </div>
      <div class="actions">
        <button type="button" onClick=${close}>Cancel</button>
        <button class="primary" type="submit">Add</button>
      </div>
    </form>
  <//>`
}
