/**
 * Discard, asked and rehearsed. A reason is needed: nobody handles these events any more.
 * @module
 */
import { useState } from 'preact/hooks'
import type { DiscardRequest, DryRun } from '../../../api/index.ts'
import { counted } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { useAsked } from '../../parts/asked.ts'
import { Dialog } from '../../parts/dialog.ts'
import { say } from '../../parts/toasts.ts'
import { post, said } from '../../server.ts'
import { deadPath, type Chosen } from './chosen.ts'
import { DryRunView, wouldBe } from './dry-run.ts'

interface Props {
  readonly subscription: string
  readonly chosen: Chosen
  readonly close: (acted: boolean) => void
}

export function DiscardDialog({ subscription, chosen, close }: Props): VNode {
  const [reason, setReason] = useState('')
  const [busy, setBusy] = useState(false)
  const { selection } = chosen
  const path = `${deadPath(subscription)}/discard`
  const asked = useAsked(
    () => post<DryRun>(path, { selection, reason: 'dry run', dryRun: true } satisfies DiscardRequest),
    [],
  )
  const letters = wouldBe(asked.value)
  const act = async (event: Event): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    try {
      await post<DryRun>(path, { selection, reason: reason.trim() } satisfies DiscardRequest)
      say(`${counted(letters, 'letter')} discarded.`)
      close(true)
    } catch (error) {
      say(said(error), true)
      setBusy(false)
    }
  }
  return html`<${Dialog} title=${`Discard ${counted(chosen.count, 'letter')}?`} close=${() => close(false)}>
    <p>
      They are let go for good: ${subscription} never handles them. Keys parked behind them go on. The audit keeps who
      did it and why.
    </p>
    <${DryRunView} asked=${asked} />
    <form class="stack" onSubmit=${(event: Event) => void act(event)}>
      <div class="field">
        <label for="discard-reason">Reason</label>
        <input
          id="discard-reason"
          required
          value=${reason}
          onInput=${(event: Event) => setReason((event.target as HTMLInputElement).value)}
        />
      </div>
      <div class="actions">
        <button type="button" onClick=${() => close(false)}>Cancel</button>
        <button class="danger" type="submit" disabled=${busy || letters === 0 || reason.trim() === ''}>
          Discard ${counted(letters, 'letter')}
        </button>
      </div>
    </form>
  <//>`
}
