/**
 * What is seen without a session: how to get the new address.
 * @module
 */
import { useState } from 'preact/hooks'
import { html, type VNode } from './html.ts'
import { openSession, session, tokenIn } from './session.ts'

export function SessionEnded(): VNode {
  const [text, setText] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const open = async (event: Event): Promise<void> => {
    event.preventDefault()
    const token = tokenIn(text)
    if (token === null) return setProblem('There is no token in it.')
    const taken = await openSession(token).catch(() => null)
    if (taken === true) session.value = 'open'
    else
      setProblem(
        taken === null ? 'The server does not answer. Is it still running?' : 'The server does not know this token.',
      )
  }
  return html`<main class="ended">
    <div class="card stack">
      <h1>This session has ended</h1>
      <p>
        Each start of the server has a token of its own. The terminal where it runs has printed the new address: a line
        with <code>#token=…</code>. Open that address, or paste it here.
      </p>
      <form class="stack tight" onSubmit=${(event: Event) => void open(event)}>
        <div class="field">
          <label for="token">Address or token</label>
          <input
            id="token"
            autocomplete="off"
            spellcheck="false"
            value=${text}
            onInput=${(event: Event) => setText((event.target as HTMLInputElement).value)}
            aria-invalid=${problem !== null}
            aria-describedby="token-problem"
          />
          <span class="wrong" id="token-problem" role="alert">${problem}</span>
        </div>
        <button class="primary" type="submit">Open</button>
      </form>
    </div>
  </main>`
}
