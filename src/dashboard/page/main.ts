/**
 * Begins: the session of the address, the application, then the page.
 * @module
 */
import { render } from 'preact'
import { App } from './app.ts'
import { html } from './html.ts'
import { applyTheme } from './theme.ts'
import { openSessionOfAddress } from './session.ts'

applyTheme()
await openSessionOfAddress()
const place = document.getElementById('page')!
place.replaceChildren()
render(html`<${App} />`, place)
