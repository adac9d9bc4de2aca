/**
 * The files of a history as one stream in the order of time, holding one line of each file.
 * @module
 */
import { createReadStream, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Happening } from './happening.ts'

interface Source {
  readonly lines: AsyncIterator<Happening>
  next: Happening
}

/** @throws SyntaxError for a line that is damaged, other than the last one of a process that was killed while it wrote */
export async function* historyOf(directory: string): AsyncGenerator<Happening> {
  const sources: Source[] = []
  for (const name of readdirSync(directory)) {
    if (!name.endsWith('.jsonl')) continue
    const lines = linesOf(join(directory, name))
    const first = await lines.next()
    if (first.done !== true) sources.push({ lines, next: first.value })
  }
  while (sources.length > 0) {
    // A few dozen files at most: looking through all of them is cheap.
    let first = sources[0]!
    for (const source of sources) if (source.next.t < first.next.t) first = source
    yield first.next
    const { done, value } = await first.lines.next()
    if (done === true) sources.splice(sources.indexOf(first), 1)
    else first.next = value
  }
}

async function* linesOf(file: string): AsyncGenerator<Happening> {
  let pending: string | undefined
  for await (const text of createInterface({ input: createReadStream(file) })) {
    if (pending !== undefined) yield parse(pending, file)
    pending = text
  }
  if (pending === undefined) return
  let last: Happening
  try {
    last = parse(pending, file)
  } catch {
    // Cut off by a kill.
    return
  }
  yield last
}

function parse(text: string, file: string): Happening {
  try {
    return JSON.parse(text) as Happening
  } catch (cause) {
    throw new SyntaxError(`${file} has a line that is no JSON: ${text.slice(0, 100)}`, { cause })
  }
}
