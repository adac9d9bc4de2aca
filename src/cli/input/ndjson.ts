/**
 * NDJSON, read line by line. Blank lines are passed over; a broken line is told and does not harm the next.
 * @module
 */
import { maxItemLength, parsed, type Item } from './item.ts'

/** The values of `chunks` of text. Holds one line in memory. */
export async function* ndjsonItems(chunks: AsyncIterable<string>): AsyncGenerator<Item> {
  let line = 1
  let rest = ''
  let tooLong = false
  for await (const chunk of chunks) {
    rest += chunk
    let start = 0
    for (let end = rest.indexOf('\n', start); end >= 0; end = rest.indexOf('\n', start)) {
      const text = rest.slice(start, end)
      start = end + 1
      if (tooLong) {
        tooLong = false
        yield { line, problem: tooLongText() }
      } else if (text.trim() !== '') yield parsed(text, line)
      line++
    }
    rest = rest.slice(start)
    if (rest.length > maxItemLength) [rest, tooLong] = ['', true]
  }
  if (tooLong) yield { line, problem: tooLongText() }
  else if (rest.trim() !== '') yield parsed(rest, line)
}

function tooLongText(): string {
  return `the line has more than ${maxItemLength / 1024 / 1024} MiB`
}
