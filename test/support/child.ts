/**
 * A program in a process of its own, followed by what it says: waiting is for lines, never for time.
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

export class Child {
  /** Every line of its standard output so far. */
  readonly lines: string[] = []
  /** Resolves when it has ended and everything it said was read. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  readonly #process: ChildProcess
  #heard = Promise.withResolvers<void>()
  #over = false

  /** Starts `program`; whatever becomes of the test, it does not outlive it. */
  constructor(program: URL, ...words: readonly string[]) {
    this.#process = spawn(process.execPath, ['--no-warnings', fileURLToPath(program), ...words], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    onTestFinished(() => void this.#process.kill('SIGKILL'))
    // Who dies does not read what it is told any more.
    this.#process.stdin!.on('error', () => {})
    createInterface(this.#process.stdout!).on('line', (line) => {
      this.lines.push(line)
      this.#wake()
    })
    this.ended = new Promise((resolve) => {
      this.#process.on('close', (code, signal) => {
        this.#over = true
        this.#wake()
        resolve({ code, signal })
      })
    })
  }

  /** Until it has said a line that begins with `beginning`. @throws when it ends first */
  async says(beginning: string): Promise<void> {
    while (!this.lines.some((line) => line.startsWith(beginning))) {
      if (this.#over) throw new Error(`It ended without saying "${beginning}": ${this.lines.join(' | ')}`)
      await this.#heard.promise
    }
  }

  tell(line: string): void {
    this.#process.stdin!.write(`${line}\n`)
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  #wake(): void {
    this.#heard.resolve()
    this.#heard = Promise.withResolvers()
  }
}
