/**
 * Who we are to the server: the token in the printed address is given for a cookie once, and taken out of the address.
 * @module
 */
import { Cell } from './cell.ts'

export type Session = 'open' | 'ended'

export const session = new Cell<Session>('open')

/** Answers of 401 say so: the server was started again, or the session was never opened. */
export function sessionEnded(): void {
  session.value = 'ended'
}

/** True when the server took the token. */
export async function openSession(token: string): Promise<boolean> {
  const response = await fetch('/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-veltrix-dashboard': '1' },
    body: JSON.stringify({ token }),
  })
  return response.ok
}

/** The token of an address, of what follows its `#`, or what was pasted itself. */
export function tokenIn(text: string): string | null {
  const inAddress = /[#?&]token=([^&#\s]+)/.exec(text)
  if (inAddress) return decodeURIComponent(inAddress[1]!)
  return /^[\w.~-]+$/.test(text.trim()) ? text.trim() : null
}

/** Opens the session of the token in the address, if there is one, and takes it out of the address and the history. */
export async function openSessionOfAddress(): Promise<void> {
  const inHash = /[#?&]token=/.test(location.hash)
  if (!inHash && !/[?&]token=/.test(location.search)) return
  const token = tokenIn(inHash ? location.hash : location.search)
  const rest = location.hash.replace(/[#?&]token=[^&#]*&?/, '')
  history.replaceState(null, '', `/${rest.startsWith('#') ? rest : `#${rest}`}`)
  if (token !== null && !(await openSession(token))) sessionEnded()
}
