/**
 * What `doctor` finds.
 * @module
 */

export interface Finding {
  /** What was looked at. */
  readonly check: string
  /** `wrong` makes the exit code 1; `warn` is worth knowing. */
  readonly status: 'ok' | 'warn' | 'wrong'
  readonly says: string
  /** What to do about it. */
  readonly mend?: string
}

export function ok(check: string, says: string): Finding {
  return { check, status: 'ok', says }
}

export function warn(check: string, says: string, mend: string): Finding {
  return { check, status: 'warn', says, mend }
}

export function wrong(check: string, says: string, mend: string): Finding {
  return { check, status: 'wrong', says, mend }
}
