/**
 * For how long, and of how many events, a gateway remembers ids where the log does not.
 * @module
 */

/** For a log that remembers no ids itself (Kafka). */
export interface IdOptions {
  /** For how long a repeat is recognised, milliseconds; 0: not at all. Default 600,000. */
  readonly idWindowMs?: number
  /** Of how many events at most; of more the oldest are forgotten before their time. 40 bytes each. Default 1,000,000. */
  readonly maxIds?: number
}

export const idDefaults: Required<IdOptions> = { idWindowMs: 600_000, maxIds: 1_000_000 }

/** What more would not fit in one piece of memory. */
const mostIds = 50_000_000

/** Which option is wrong, and how. */
export function checkIdOptions({
  idWindowMs,
  maxIds,
}: Required<IdOptions>): { readonly option: keyof IdOptions; readonly problem: string } | undefined {
  if (!(Number.isFinite(idWindowMs) && idWindowMs >= 0)) {
    return { option: 'idWindowMs', problem: `must be a number of at least 0, not ${String(idWindowMs)}` }
  }
  if (!(Number.isSafeInteger(maxIds) && maxIds >= 1 && maxIds <= mostIds)) {
    return { option: 'maxIds', problem: `must be a whole number from 1 to ${mostIds}, not ${String(maxIds)}` }
  }
  return undefined
}
