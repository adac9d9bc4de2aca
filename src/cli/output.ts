/**
 * Where a command's words go. With `--json` stdout carries nothing but JSON: results, one line each, and on failure a last
 * line `{"error":{"code","message",…}}`. Words for people always go to stderr then, so that piping stays safe.
 * @module
 */
import { isVeltrixError } from '../errors.ts'
import { printableLines } from './format.ts'
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
  readonly #gone = new AbortController()
  #failure: OutputFailed | undefined

  constructor(shell: Pick<Shell, 'stdout' | 'stderr' | 'env'>, options: { readonly json: boolean }) {
    this.json = options.json
    this.#stdout = shell.stdout
    this.#put = shell.stdout.write.bind(shell.stdout)
    this.#stderr = shell.stderr
    this.paint = paintFor(!options.json && wantsColour(shell.stdout, shell.env))
    this.#stderrPaint = paintFor(wantsColour(shell.stderr, shell.env))
    this.#stdout.on('error', (error: NodeJS.ErrnoException) => {
      // A reader that went away (`| head`) has what it wanted. Anything else (a full disk) is told.
      if (error.code !== 'EPIPE') this.#failure ??= new OutputFailed(error)
      this.#gone.abort()
    })
    // Who hears nothing on stderr cannot be told so.
    this.#stderr.on('error', () => undefined)
  }

  /** Aborts when nothing more can be written to stdout. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  get closed(): boolean {
    return this.gone.aborted
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
    if (!this.closed) this.#put(text)
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
    try {
      if (this.json) await this.result({ error: errorJson(error) })
    } catch {
      // Stdout itself is what failed; stderr tells.
    }
    this.note(`${this.#stderrPaint.bad('error')} ${printableLines(errorText(error))}`)
  }

  async #write(text: string): Promise<void> {
    if (!this.closed && !this.#put(text)) await this.#room()
    if (this.#failure !== undefined) throw this.#failure
  }

  async #room(): Promise<void> {
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

/** Stdout cannot be written, and not because its reader had enough. */
class OutputFailed extends Error {
  override readonly name = 'OutputFailed'
  readonly code = 'OUTPUT_FAILED'

  constructor(cause: Error) {
    super(`The output cannot be written: ${cause.message}.`, { cause })
    // Where in this program it was written says nothing.
    this.stack = this.message
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
  // Behind the last of several lines the code would seem to belong to that line.
  const code = `${error.message.includes('\n') ? '\n' : ' '}(${error.code})`
  return `${error.message}${code}${causeText(error)}`
}

/** The cause, unless the message tells it already. */
function causeText({ message, cause }: Error): string {
  if (!(cause instanceof Error)) return ''
  const text = cause.message.replace(/^Error: /, '')
  return message.includes(text) ? '' : `\n  because: ${text}`
}
