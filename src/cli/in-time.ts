/**
 * A bound for what may wait for long: a broker that stands still takes a question and does not answer it.
 * @module
 */
import { sleep, type Clock } from '../clock.ts'

/** Rejects after `limitMs`; what was asked goes on by itself. @param what as in "reading the lag" */
export async function inTime<T>(clock: Clock, limitMs: number, what: string, asked: Promise<T>): Promise<T> {
  const enough = new AbortController()
  const late = sleep(clock, limitMs, enough.signal).then(
    () => Promise.reject(new TookTooLong(`${what} took longer than ${limitMs / 1000} s, and was given up.`)),
    () => new Promise<never>(() => {}),
  )
  try {
    return await Promise.race([asked, late])
  } finally {
    enough.abort()
  }
}

/** Not one of the log's errors: nothing is known of why. */
export class TookTooLong extends Error {
  override readonly name = 'TookTooLong'
  readonly code = 'TOOK_TOO_LONG'

  constructor(message: string) {
    super(message)
    // Where in this program it was given up says nothing.
    this.stack = message
  }
}
