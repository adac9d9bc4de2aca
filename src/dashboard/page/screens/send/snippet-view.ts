/**
 * The event as a command and as code, to be copied.
 * @module
 */
import type { SendRequest } from '../../../api/index.ts'
import { html, type VNode } from '../../html.ts'
import { Tabs } from '../../parts/tabs.ts'
import { say } from '../../parts/toasts.ts'
import { useSystem } from '../../system.ts'
import { asCurl, asTypeScript } from './snippets.ts'

export function Snippets({ request }: { request: SendRequest }): VNode {
  const { gateway, app } = useSystem()
  const curl = asCurl(request, gateway, app)
  const tabs = [
    {
      name: 'curl',
      title: 'curl',
      draw: () =>
        curl === null
          ? html`<p class="muted">No gateway is known here, so there is nothing to call over HTTP.</p>`
          : html`<${Copied} what="curl" text=${curl} />`,
    },
    {
      name: 'typescript',
      title: 'TypeScript',
      draw: () => html`<${Copied} what="TypeScript" text=${asTypeScript(request)} />`,
    },
  ]
  return html`<section class="card">
    <h2>Send it from elsewhere</h2>
    <${Tabs} label="Languages" tabs=${tabs} />
  </section>`
}

function Copied({ what, text }: { what: string; text: string }): VNode {
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => say(`Copied as ${what}.`),
      () => say('The browser does not give the clipboard: mark the text and copy it.', true),
    )
  }
  return html`<div class="stack tight">
    <pre class="text wrap" tabindex="0" role="group" aria-label=${`As ${what}`}>${text}</pre>
    <button onClick=${copy}>Copy as ${what}</button>
  </div>`
}
