/**
 * Redrive, asked and rehearsed: what would happen is shown before it can be done.
 * @module
 */
import { useState } from 'preact/hooks'
import type { DryRun, Redrive, RedriveRequest } from '../../../api/index.ts'
import { counted, duration } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { useAsked } from '../../parts/asked.ts'
import { Dialog } from '../../parts/dialog.ts'
import { say } from '../../parts/toasts.ts'
import { go, href } from '../../router.ts'
import { post, said } from '../../server.ts'
import { deadPath, type Chosen } from './chosen.ts'
import { DryRunView, wouldBe } from './dry-run.ts'

interface Props {
  readonly subscription: string
  readonly chosen: Chosen
  readonly close: (acted: boolean) => void
}

export function RedriveDialog({ subscription, chosen, close }: Props): VNode {
  const [rate, setRate] = useState('100')
  const [reason, setReason] = useState('')
  const [busy, setBusy] = useState(false)
  const { selection } = chosen
  const path = `${deadPath(subscription)}/redrive`
  const asked = useAsked(() => post<DryRun>(path, { selection, dryRun: true } satisfies RedriveRequest), [])
  const letters = wouldBe(asked.value)
  const perSecond = Number(rate)
  const isRate = perSecond > 0
  const act = async (event: Event): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    try {
      const request: RedriveRequest = {
        selection,
        rate: perSecond,
        ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
      }
      await post<Redrive>(path, request)
      say(`The redrive of ${counted(letters, 'letter')} has begun.`)
      close(true)
      go(href(['dead', subscription, 'redrives']))
    } catch (error) {
      say(said(error), true)
      setBusy(false)
    }
  }
  return html`<${Dialog} title=${`Redrive ${counted(chosen.count, 'letter')}?`} close=${() => close(false)}>
    <p>
      ${subscription} handles them again, as if they had just come. Attempts are counted anew; letters of one key go in
      their order.
    </p>
    <${DryRunView} asked=${asked} />
    <form class="stack" onSubmit=${(event: Event) => void act(event)}>
      <div class="field">
        <label for="redrive-rate">Letters per second</label>
        <input
          id="redrive-rate"
          type="number"
          min="1"
          max="100000"
          step="any"
          required
          value=${rate}
          onInput=${(event: Event) => setRate((event.target as HTMLInputElement).value)}
        />
        <span class="hint"
          >${isRate && letters > 0 ? `Takes about ${duration((letters / perSecond) * 1000)}.` : ''} It can be stopped at
          any time.</span
        >
      </div>
      <div class="field">
        <label for="redrive-reason">Reason (for the audit)</label>
        <input
          id="redrive-reason"
          value=${reason}
          onInput=${(event: Event) => setReason((event.target as HTMLInputElement).value)}
        />
      </div>
      <div class="actions">
        <button type="button" onClick=${() => close(false)}>Cancel</button>
        <button class="primary" type="submit" disabled=${busy || letters === 0 || !isRate}>
          Redrive ${counted(letters, 'letter')}
        </button>
      </div>
    </form>
  <//>`
}
