/**
 * Where a command's words go. With `--json` stdout carries nothing but JSON: results, one line each, and on failure a last
 * line `{"error":{"code","message",…}}`. Words for people always go to stderr then, so that piping stays safe.
 * @module
 */
import { isVeltrixError } from '../errors.ts'
import { paintFor, type Paint } from './paint.ts'
import { wantsColour, type Screen, type Shell } from './shell.ts'

export class Output {
  readonly json: boolean
  readonly paint: Paint
  readonly #stdout: Screen
  /** Taken before anybody puts something between: see `dev/stdout-guard.ts`. */
  readonly #put: (text: string) => boolean
  readonly #stderr: Screen
  readonly #stderrPaint: Paint
  /** The reader of stdout went away (`| head`): nothing more needs to be written. */
  #closed = false

  constructor(shell: Pick<Shell, 'stdout' | 'stderr' | 'env'>, options: { readonly json: boolean }) {
    this.json = options.json
    this.#stdout = shell.stdout
    this.#put = shell.stdout.write.bind(shell.stdout)
    this.#stderr = shell.stderr
    this.paint = paintFor(!options.json && wantsColour(shell.stdout, shell.env))
    this.#stderrPaint = paintFor(wantsColour(shell.stderr, shell.env))
    this.#stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') this.#closed = true
      else throw error
    })
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Cells of a line on stdout; unlimited when it is not a terminal. */
  get width(): number {
    return this.#stdout.isTTY ? Math.max(20, this.#stdout.columns ?? 80) : Infinity
  }

  /** A result: one JSON line. Waits while stdout is full, so that a slow reader bounds memory. */
  async result(value: unknown): Promise<void> {
    await this.#write(`${JSON.stringify(value)}\n`)
  }

  /** Lines for people, on stdout; nothing with `--json`. */
  async lines(...lines: readonly string[]): Promise<void> {
    if (!this.json && lines.length > 0) await this.#write(`${lines.join('\n')}\n`)
  }

  /** Text as it is, on stdout, not waited for: frames of the live view. */
  raw(text: string): void {
    if (!this.#closed) this.#put(text)
  }

  /** A remark beside the result, on stderr. */
  note(text: string): void {
    this.#stderr.write(`${text}\n`)
  }

  warn(text: string): void {
    this.note(`${this.#stderrPaint.warn('warning')} ${text}`)
  }

  /** The end of a command that failed. */
  async failure(error: unknown): Promise<void> {
    if (this.json) await this.result({ error: errorJson(error) })
    this.note(`${this.#stderrPaint.bad('error')} ${errorText(error)}`)
  }

  async #write(text: string): Promise<void> {
    if (this.#closed || this.#put(text)) return
    await new Promise<void>((resolve) => {
      const events = ['drain', 'close', 'error']
      const go = (): void => {
        for (const event of events) this.#stdout.off(event, go)
        resolve()
      }
      for (const event of events) this.#stdout.on(event, go)
    })
  }
}

/** An error as JSON: its code, message and own fields, and the causes below it. */
export function errorJson(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { code: 'UNKNOWN', message: String(error) }
  const { name: _name, code, retryable, ...fields } = error as Error & Record<string, unknown>
  const shown: Record<string, unknown> = {
    code: isVeltrixError(error) ? error.code : typeof code === 'string' ? code : error.name,
    message: error.message,
  }
  if (typeof retryable === 'boolean') shown['retryable'] = retryable
  for (const [field, value] of Object.entries(fields)) {
    if (value !== undefined && typeof value !== 'function' && !(field in shown)) shown[field] = plain(value)
  }
  if (error.cause !== undefined) shown['cause'] = errorJson(error.cause)
  return shown
}

function plain(value: unknown): unknown {
  if (value instanceof Error) return errorJson(value)
  try {
    return JSON.parse(JSON.stringify(value) ?? 'null')
  } catch {
    return String(value)
  }
}

/** An error for people: an own error's message is enough; a foreign one keeps its place in the code. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (!isVeltrixError(error)) return error.stack ?? `${error.name}: ${error.message}`
  const cause = error.cause instanceof Error ? `\n  because: ${error.cause.message}` : ''
  return `${error.message} (${error.code})${cause}`
}
