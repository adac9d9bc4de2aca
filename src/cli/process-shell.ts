/**
 * The shell this process was started from.
 * @module
 */
import { systemClock, type Timer } from '../clock.ts'
import type { Shell } from './shell.ts'

type Hear = (...values: never[]) => void
type Listeners = readonly (readonly [event: string, hear: Hear])[]

export function processShell(): Shell {
  return {
    cwd: process.cwd(),
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    clock: systemClock,
    onSignal: (heard) => {
      const unwatch = watchParent(() => heard('SIGTERM'))
      const unlisten = listen([
        ['SIGINT', heard],
        ['SIGTERM', heard],
      ])
      return () => {
        unwatch()
        unlisten()
      }
    },
    onReload: (heard) => (process.stdin.isTTY ? () => undefined : listen([['SIGHUP', heard]])),
    onDeath: (heard) =>
      listen([
        ['uncaughtExceptionMonitor', heard],
        ['exit', () => heard(undefined)],
      ]),
    onSuspend: (before, after) => {
      let stopped = false
      const stop = (): void => {
        before()
        stopped = true
        process.kill(process.pid, 'SIGSTOP')
      }
      // The signal to go on may come more than once.
      const goOn = (): void => {
        if (stopped) after()
        stopped = false
      }
      // Windows has no such signals, and refuses to listen for them.
      if (process.platform === 'win32') return () => undefined
      return listen([
        ['SIGTSTP', stop],
        ['SIGCONT', goOn],
      ])
    },
    leave: (code) => process.exit(code),
  }
}

function listen(listeners: Listeners): () => void {
  for (const [event, hear] of listeners) process.on(event, hear as () => void)
  return () => {
    for (const [event, hear] of listeners) process.off(event, hear as () => void)
  }
}

const parent = process.ppid
const watchEveryMs = 250

/**
 * npm hands a SIGTERM to the shell that runs its script and is gone with it; the command would go on unheard and unseen. So a command
 * started by a script takes the end of that shell for the signal it was meant to get.
 */
function watchParent(gone: () => void): () => void {
  let timer: Timer | undefined
  const watch = (): void => {
    if (process.ppid === parent) timer = systemClock.setTimer(watchEveryMs, watch, { unref: true })
    else gone()
  }
  if (process.env['npm_lifecycle_event'] !== undefined) watch()
  return () => timer?.cancel()
}
