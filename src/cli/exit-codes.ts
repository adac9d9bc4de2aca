/**
 * The one table of exit codes. `veltrix --help` prints it; scripts may rely on it.
 * @module
 */
import { isVeltrixError, type ErrorCode } from '../errors.ts'

export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  config: 3,
  log: 4,
  abandoned: 5,
  unhealthy: 10,
  interrupted: 130,
  terminated: 143,
} as const

/** Of `veltrix plan`, as other tools of its kind have them. */
export const planExitCodes = { none: 0, changes: 3, failed: 1 } as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** What each code means, in the order of the numbers. */
export const exitCodeMeanings: readonly (readonly [ExitCode, string])[] = [
  [exitCodes.ok, 'done; a signal that was answered by a full drain counts as done'],
  [
    exitCodes.failed,
    'not (all) done: an event failed, doctor found something wrong, a check of an example failed, a plan failed or was not applied',
  ],
  [exitCodes.usage, 'the command line cannot be understood: unknown command or flag, missing or wrong value'],
  [
    exitCodes.config,
    'the app or its typed file was not found, does not load, or is invalid; of `plan` alone: there are changes',
  ],
  [
    exitCodes.log,
    'the log cannot be used: unwritable, full, damaged, unreachable, another version; or it refuses this user',
  ],
  [exitCodes.abandoned, 'the drain time-out passed: unfinished events were left for the next start'],
  [
    exitCodes.unhealthy,
    '`health`: something is not well, or was not well when its time was over; `canary --for`: more probes than --max-loss were not taken, or were lost',
  ],
  [exitCodes.interrupted, 'left at once on a second SIGINT (Ctrl-C twice)'],
  [exitCodes.terminated, 'left at once on a second SIGTERM'],
]

const byErrorCode: Partial<Record<ErrorCode, ExitCode>> = {
  VLX_USAGE: exitCodes.usage,
  VLX_DEAD_LETTER_REQUEST_INVALID: exitCodes.usage,
  VLX_CONFIG_INVALID: exitCodes.config,
  VLX_CONFIG_NOT_FOUND: exitCodes.config,
  VLX_GATEWAY_ACCESS: exitCodes.config,
  // The command takes them from flags alone.
  VLX_GATEWAY_OPTION: exitCodes.usage,
  VLX_HANDLER_INVALID: exitCodes.config,
  VLX_INBOX_MISSING: exitCodes.config,
  VLX_LOG_CORRUPTED: exitCodes.log,
  VLX_LOG_FULL: exitCodes.log,
  VLX_LOG_UNAVAILABLE: exitCodes.log,
  VLX_LOG_UNWRITABLE: exitCodes.log,
  VLX_LOG_VERSION: exitCodes.log,
  VLX_NOT_AUTHENTICATED: exitCodes.log,
  VLX_NOT_AUTHORIZED: exitCodes.log,
  VLX_TOPIC_MISMATCH: exitCodes.config,
  VLX_TOPICS_MISSING: exitCodes.log,
}

/** The exit code a command that ended with `error` leaves. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!isVeltrixError(error)) return exitCodes.failed
  return byErrorCode[error.code] ?? exitCodes.failed
}
