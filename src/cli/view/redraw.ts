/**
 * Draws frames over each other on a terminal. The last frame stays; what others print meanwhile scrolls by above it.
 * @module
 */

const hideCursor = '\u001B[?25l'
const showCursor = '\u001B[?25h'
const clearLine = '\u001B[K'
const clearBelow = '\u001B[J'
// The terminal shows what lies between these at once (where it knows them; elsewhere they do nothing).
const beginFrame = '\u001B[?2026h'
const endFrame = '\u001B[?2026l'

export class Redraw {
  readonly #write: (text: string) => void
  #height = 0
  #lines: readonly string[] = []
  #started = false

  constructor(write: (text: string) => void) {
    this.#write = write
  }

  /** Replaces the frame. `lines` must fit the terminal. */
  draw(lines: readonly string[]): void {
    const start = this.#started ? '' : hideCursor
    this.#started = true
    const body = lines.map((line) => `${line}${clearLine}\n`).join('')
    this.#write(`${beginFrame}${start}${this.#up()}${body}${clearBelow}${endFrame}`)
    this.#height = lines.length
    this.#lines = lines
  }

  /** Puts `text` above the frame. */
  above(text: string): void {
    const ending = text.endsWith('\n') ? '' : '\n'
    this.#write(`${this.#up()}${clearBelow}${text}${ending}`)
    this.#height = 0
    if (this.#lines.length > 0) this.draw(this.#lines)
  }

  /** The terminal changed its size: where the lines are is not known any more. */
  resized(): void {
    if (!this.#started) return
    this.#write('\u001B[2J\u001B[H')
    this.#height = 0
  }

  /** Leaves the last frame standing; another one would begin below it. */
  end(): void {
    if (this.#started) this.#write(showCursor)
    this.#started = false
    this.#height = 0
  }

  #up(): string {
    return this.#height > 0 ? `\u001B[${this.#height}A\r` : '\r'
  }
}
