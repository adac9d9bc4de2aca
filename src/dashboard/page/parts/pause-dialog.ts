/**
 * Pauses or resumes a subscription, after saying what that means now.
 * @module
 */
import { useState } from 'preact/hooks'
import type { SubscriptionSecond } from '../../api/index.ts'
import { count, rate } from '../format.ts'
import { html, type VNode } from '../html.ts'
import { post, said } from '../server.ts'
import { useSystem } from '../system.ts'
import { Dialog } from './dialog.ts'
import { say } from './toasts.ts'

interface Props {
  readonly name: string
  readonly now: SubscriptionSecond | undefined
  readonly close: () => void
}

export function PauseDialog({ name, now, close }: Props): VNode {
  const { lanes } = useSystem()
  // As it was when it was asked: the answer must not change its meaning while it is read.
  const [{ paused, handled, running, lag }] = useState(() => ({ ...now }))
  const [lane, setLane] = useState('')
  const word = paused ? 'Resume' : 'Pause'
  const act = async (): Promise<void> => {
    try {
      await post(
        `subscriptions/${encodeURIComponent(name)}/${paused ? 'resume' : 'pause'}`,
        lane === '' ? {} : { lane },
      )
      say(`${name} ${paused ? 'goes on' : 'is paused'}${lane === '' ? '' : ` on the lane ${lane}`}.`)
    } catch (error) {
      say(said(error), true)
    }
    close()
  }
  return html`<${Dialog} title=${`${word} ${name}?`} close=${close}>
    ${
      paused
        ? html`<p>It takes events again. ${count(lag)} wait for it.</p>`
        : html`<p>
            It takes no new events: at the moment it handles ${rate(handled)}. What runs (${count(running)}) ends as
            always. Nothing is lost; what comes waits, and its lag grows until it is resumed.
          </p>`
    }
    <div class="field">
      <label for="pause-lane">Lane</label>
      <select
        id="pause-lane"
        value=${lane}
        onChange=${(event: Event) => setLane((event.target as HTMLSelectElement).value)}
      >
        <option value="">All lanes</option>
        ${lanes.map((each) => html`<option key=${each} value=${each}>${each}</option>`)}
      </select>
    </div>
    <div class="actions">
      <button onClick=${close}>Cancel</button>
      <button class="primary" onClick=${() => void act()}>${word}</button>
    </div>
  <//>`
}
