/**
 * Events from a stream of bytes: NDJSON, or one JSON array, told apart by the first letter.
 * @module
 */
import type { Readable } from 'node:stream'
import type { Item } from './item.ts'
import { arrayItems } from './json-array.ts'
import { ndjsonItems } from './ndjson.ts'

export interface InputOptions {
  /** Told how many bytes were read so far. */
  readonly progress?: (bytes: number) => void
}

/** The items of `source`. Reads on only as fast as items are taken. */
export async function* readItems(source: Readable, options: InputOptions = {}): AsyncGenerator<Item> {
  const texts = textOf(source, options)
  let lead = ''
  // Taken by hand: `for await` would close the generator on leaving.
  for (let next = await texts.next(); !next.done; next = await texts.next()) {
    lead += next.value
    if (lead.trim() !== '') break
  }
  const all = joined(lead, texts)
  yield* lead.trimStart().startsWith('[') ? arrayItems(all) : ndjsonItems(all)
}

async function* textOf(source: Readable, { progress }: InputOptions): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: false })
  let bytes = 0
  for await (const chunk of source) {
    const piece = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer)
    bytes += piece.length
    progress?.(bytes)
    yield decoder.decode(piece, { stream: true })
  }
  yield decoder.decode()
}

async function* joined(lead: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  if (lead !== '') yield lead
  yield* rest
}
