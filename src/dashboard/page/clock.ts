/**
 * The browser's time and timers, in one place. The server's `now` tells how far this machine's clock is off.
 * @module
 */
let aheadMs = 0

/** Told with every answer that has the server's time. */
export function serverSays(now: number): void {
  aheadMs = now - Date.now()
}

/** The server's time: what is stored there is measured by that clock. */
export function now(): number {
  return Date.now() + aheadMs
}

/** Calls `what` after `ms`. Returns how to call it off. */
export function later(ms: number, what: () => void): () => void {
  const timer = setTimeout(what, ms)
  return () => clearTimeout(timer)
}

/** Calls `what` every `ms` while the page is seen. Returns how to end it. */
export function every(ms: number, what: () => void): () => void {
  const timer = setInterval(() => {
    if (!document.hidden) what()
  }, ms)
  return () => clearInterval(timer)
}
