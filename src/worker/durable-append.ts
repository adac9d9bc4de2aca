/**
 * Appends that must not be given up: dead letters and their audit. Retries until everything is stored or the worker ends.
 * @module
 */
import { sleep, type Clock } from '../clock.ts'
import type { AppendRecord, Log } from '../transport/index.ts'

export interface DurableAppendOptions {
  readonly log: Log
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly trouble: (error: Error) => void
}

const retryMinMs = 100
const retryMaxMs = 5_000

/**
 * Resolves when all `records` are stored (some perhaps twice, when an answer was lost).
 * @throws the signal's reason when the worker ends first
 */
export async function appendDurably(records: readonly AppendRecord[], options: DurableAppendOptions): Promise<void> {
  let left = records
  for (let failures = 0; left.length > 0; failures++) {
    options.signal.throwIfAborted()
    if (failures > 0) {
      await sleep(options.clock, Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(failures - 1, 10)), options.signal)
    }
    try {
      const outcomes = await options.log.append(left)
      const refused = outcomes.find((outcome) => 'error' in outcome)
      if (refused) options.trouble((refused as { error: Error }).error)
      left = left.filter((_, index) => 'error' in outcomes[index]!)
    } catch (error) {
      options.trouble(error as Error)
    }
  }
}
