/**
 * An edited copy that is handled in the letter's place. Masked fields that are left alone keep what they had.
 * @module
 */
import { useState } from 'preact/hooks'
import type { LetterView, ReplaceRequest, SendResult } from '../../../api/index.ts'
import { html, type VNode } from '../../html.ts'
import { Dialog } from '../../parts/dialog.ts'
import { say } from '../../parts/toasts.ts'
import { post, said } from '../../server.ts'
import { deadPath } from './chosen.ts'

interface Props {
  readonly subscription: string
  readonly view: LetterView
  readonly close: (acted: boolean) => void
}

export function ReplaceDialog({ subscription, view, close }: Props): VNode {
  const { letter, event } = view
  const [text, setText] = useState(() => JSON.stringify((event.event as { data?: unknown }).data ?? null, null, 2))
  const [reason, setReason] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const act = async (submitted: Event): Promise<void> => {
    submitted.preventDefault()
    let data: unknown
    try {
      data = JSON.parse(text)
    } catch (error) {
      return setProblem(`This is not JSON: ${said(error)}`)
    }
    setBusy(true)
    try {
      const request: ReplaceRequest = { data, reason: reason.trim() }
      await post<SendResult>(`${deadPath(subscription)}/letters/${encodeURIComponent(letter.id)}/replace`, request)
      say('The copy runs in the place of the letter.')
      close(true)
    } catch (error) {
      setProblem(said(error))
      setBusy(false)
    }
  }
  return html`<${Dialog} title="Edit a copy" close=${() => close(false)}>
    <p>
      ${subscription} handles a copy of this ${letter.type} with the payload below, in the place of this letter in the
      order of its key. Nobody else gets it. Fields that are masked keep their value unless you change them.
    </p>
    <form class="stack" onSubmit=${(event: Event) => void act(event)}>
      <div class="field">
        <label for="replace-data">Payload (JSON)</label>
        <textarea
          id="replace-data"
          rows="12"
          spellcheck="false"
          value=${text}
          aria-invalid=${problem !== null}
          aria-describedby="replace-problem"
          onInput=${(event: Event) => setText((event.target as HTMLTextAreaElement).value)}
        ></textarea>
        <span class="wrong" id="replace-problem" role="alert">${problem}</span>
      </div>
      <div class="field">
        <label for="replace-reason">Reason (for the audit)</label>
        <input
          id="replace-reason"
          required
          value=${reason}
          onInput=${(event: Event) => setReason((event.target as HTMLInputElement).value)}
        />
      </div>
      <div class="actions">
        <button type="button" onClick=${() => close(false)}>Cancel</button>
        <button class="primary" type="submit" disabled=${busy || reason.trim() === ''}>Run the copy</button>
      </div>
    </form>
  <//>`
}
