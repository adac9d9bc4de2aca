/**
 * Waiting for others, and not for ever.
 * @module
 */
import { sleep, type Clock } from '../clock.ts'

/** Whether `work` came to an end in time, well or not. */
export async function within(clock: Clock, timeoutMs: number, work: Promise<void>): Promise<boolean> {
  const enough = new AbortController()
  const late = sleep(clock, timeoutMs, enough.signal).then(
    () => false,
    () => true,
  )
  const over = (): boolean => true
  const ended = await Promise.race([work.then(over, over), late])
  enough.abort()
  return ended
}
