/**
 * Writes a process's own file of the history. A line is with the operating system when `write` returns, so a kill -9 a moment later does
 * not take it back.
 * @module
 */
import { openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Line } from './happening.ts'

export class Journal {
  readonly #file: number
  readonly #by: string

  /** @param by name of this run of this process; names the file too */
  constructor(directory: string, by: string) {
    this.#by = by
    this.#file = openSync(join(directory, `${by}.jsonl`), 'a')
  }

  write(line: Line): void {
    const stamp = { t: machineTime(), wall: Date.now(), by: this.#by, pid: process.pid }
    writeSync(this.#file, `${JSON.stringify({ ...stamp, ...line })}\n`)
  }
}

/** Milliseconds of the machine's monotonic clock: unlike `performance.now()` it is the same for all processes. */
export function machineTime(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000
}
