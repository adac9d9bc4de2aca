/**
 * What surrounds a command: streams, environment, time. Handed in, so that a test runs commands without a process.
 * @module
 */
import type { Readable, Writable } from 'node:stream'
import type { Clock } from '../clock.ts'

export interface Screen extends Writable {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

export interface Shell {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Screen
  readonly stderr: Screen
  readonly clock: Clock
  /** Calls `heard` at each SIGINT and SIGTERM until the returned function is called. */
  readonly onSignal: (heard: (signal: 'SIGINT' | 'SIGTERM') => void) => () => void
  /** Calls `heard` at each SIGHUP; at a terminal that is its end, and not asked for. */
  readonly onReload: (heard: () => void) => () => void
  /**
   * Calls `heard` when the process ends before the command does: with the error that nobody caught, or without one when the app itself
   * exits. Nothing can be waited for then.
   */
  readonly onDeath: (heard: (error: unknown) => void) => () => void
  /** Ctrl-Z: calls `before` the process stops, and `after` when it goes on. */
  readonly onSuspend: (before: () => void, after: () => void) => () => void
  /** Leaves at once, without waiting for anything. */
  readonly leave: (code: number) => void
}

/**
 * Whether to colour what goes to `screen`. `NO_COLOR` (any value but empty) wins over `FORCE_COLOR`
 * (`0` and `false` turn colour off), which wins over what the screen is.
 */
export function wantsColour(screen: Screen, env: Shell['env']): boolean {
  if (env['NO_COLOR']) return false
  const forced = env['FORCE_COLOR']
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false'
  return screen.isTTY === true && env['TERM'] !== 'dumb'
}
