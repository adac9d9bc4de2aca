/**
 * What surrounds a command: streams, environment, time. Handed in, so that a test runs commands without a process.
 * @module
 */
import type { Readable, Writable } from 'node:stream'
import { systemClock, type Clock } from '../clock.ts'

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
  /** Leaves at once, without waiting for anything. */
  readonly leave: (code: number) => void
}

/** The shell this process was started from. */
export function processShell(): Shell {
  return {
    cwd: process.cwd(),
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    clock: systemClock,
    onSignal: (heard) => {
      process.on('SIGINT', heard)
      process.on('SIGTERM', heard)
      return () => {
        process.off('SIGINT', heard)
        process.off('SIGTERM', heard)
      }
    },
    leave: (code) => process.exit(code),
  }
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
