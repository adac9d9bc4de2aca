/**
 * A program that ends when its starter ends, however that is: kill -9, a crash, a closed terminal.
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'

/**
 * The program is the child of a shell. Beside it the shell's watcher reads an input that only the starter holds open; when that ends, which the
 * system sees to, the watcher kills the program. The shell itself waits for the program, so that its end is known. The watcher goes
 * first then: the program's id may be another's by the time the input ends. So what nobody is left to remove, the watcher removes.
 */
const guard = `
scratch=$1; shift
exec 4<&0
"$@" </dev/null >&3 2>&3 3>&- 4<&- & program=$!
{ trap '' HUP INT TERM; cat <&4 >/dev/null; kill -9 $program; [ -z "$scratch" ] || rm -rf "$scratch"; } 3>&- & watcher=$!
echo $program
exec 3>&- 4<&-
wait $program; code=$?
kill -9 $watcher
exit $code`

export class Guarded {
  readonly pid: number
  /** Resolves when it has ended. */
  readonly ended: Promise<void>
  #over = false
  #paused = false

  private constructor(shell: ChildProcess, pid: number, ended: Promise<void>) {
    this.pid = pid
    this.ended = ended.then(() => {
      this.#over = true
      shell.stdin!.destroy()
    })
  }

  /**
   * Starts `command`; what it says is appended to `logFile`.
   * @param options.scratch a directory that goes with the starter, should that die
   */
  static async start(
    command: readonly string[],
    logFile: string,
    options: { readonly env: NodeJS.ProcessEnv; readonly scratch: string | undefined },
  ): Promise<Guarded> {
    const log = await open(logFile, 'a')
    try {
      // A group of its own: Ctrl-C at a terminal is the starter's to answer.
      const shell = spawn('sh', ['-c', guard, 'guard', options.scratch ?? '', ...command], {
        stdio: ['pipe', 'pipe', log.fd, log.fd],
        detached: true,
        env: options.env,
      })
      shell.stdin!.on('error', () => undefined)
      const ended = once(shell, 'exit').then(() => undefined)
      const [said] = (await Promise.race([once(shell.stdout!, 'data'), ended.then(() => [''])])) as [Buffer | string]
      return new Guarded(shell, Number(said.toString()), ended)
    } finally {
      await log.close()
    }
  }

  get alive(): boolean {
    return !this.#over
  }

  get paused(): boolean {
    return this.#paused && this.alive
  }

  /** kill -9, waited for. */
  async kill(): Promise<void> {
    this.#signal('SIGKILL')
    await this.ended
  }

  /** Asks it to end. */
  terminate(): void {
    this.resume()
    this.#signal('SIGTERM')
  }

  /** SIGSTOP: it keeps its connections, and answers nothing. */
  pause(): void {
    if (this.#signal('SIGSTOP')) this.#paused = true
  }

  /** SIGCONT. */
  resume(): void {
    if (this.#paused) this.#signal('SIGCONT')
    this.#paused = false
  }

  #signal(name: NodeJS.Signals): boolean {
    if (this.#over) return false
    try {
      return process.kill(this.pid, name)
    } catch (error) {
      // It ended a moment ago, and the shell has not said so yet.
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
      throw error
    }
  }
}
