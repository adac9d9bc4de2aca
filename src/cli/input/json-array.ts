/**
 * A JSON array, read element by element: only the element at hand is in memory.
 * @module
 */
import { maxItemLength, parsed, type Item } from './item.ts'

/** Elements of the array that `chunks` of text make up. What comes after a broken place cannot be told apart, so reading ends there. */
export async function* arrayItems(chunks: AsyncIterable<string>): AsyncGenerator<Item> {
  const scanner = new ArrayScanner()
  for await (const chunk of chunks) {
    yield* scanner.take(chunk)
    if (scanner.broken) return
  }
  yield* scanner.end()
}

/** Where the scanner is between elements. */
type Place = 'before' | 'first' | 'next' | 'element' | 'after' | 'closed'

class ArrayScanner {
  broken = false
  #place: Place = 'before'
  #line = 1
  #startLine = 1
  #text = ''
  #depth = 0
  #inString = false
  #escaped = false;

  *take(chunk: string): Generator<Item> {
    let start = 0
    for (let at = 0; at < chunk.length && !this.broken; at++) {
      const letter = chunk[at]!
      if (letter === '\n') this.#line++
      if (this.#place !== 'element') {
        if (/\s/.test(letter)) continue
        const problem = this.#between(letter)
        if (problem !== undefined) yield this.#fail(problem)
        if ((this.#place as Place) === 'element') start = at
      } else if (this.#endsAt(letter)) {
        yield this.#element(chunk.slice(start, at))
        this.#between(letter)
      }
    }
    if (this.#place === 'element' && !this.broken) this.#text += chunk.slice(start)
    if (this.#text.length > maxItemLength)
      yield this.#fail(`an element has more than ${maxItemLength / 1024 / 1024} MiB`)
  }

  *end(): Generator<Item> {
    if (this.#place !== 'closed' && !this.broken) yield this.#fail('the array does not end: a "]" is missing')
  }

  /** A letter outside an element. Returns what is wrong with it. */
  #between(letter: string): string | undefined {
    const found = JSON.stringify(letter)
    if (this.#place === 'closed') return `${found} after the end of the array`
    if (this.#place === 'before') {
      this.#place = 'first'
      return letter === '[' ? undefined : `${found} where the array should begin`
    }
    if (letter === ']') {
      if (this.#place === 'next') return '"]" where an element should be'
      this.#place = 'closed'
      return undefined
    }
    if (this.#place === 'after') {
      this.#place = 'next'
      return letter === ',' ? undefined : `${found} where a "," or "]" should be`
    }
    this.#begin(letter)
    return undefined
  }

  #begin(letter: string): void {
    this.#place = 'element'
    this.#startLine = this.#line
    this.#text = ''
    this.#depth = letter === '{' || letter === '[' ? 1 : 0
    this.#inString = letter === '"'
    this.#escaped = false
  }

  /** A letter inside an element: true when the element ended before it. */
  #endsAt(letter: string): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false
      else if (letter === '\\') this.#escaped = true
      else if (letter === '"') this.#inString = false
      return false
    }
    if (letter === '"') this.#inString = true
    else if (letter === '{' || letter === '[') this.#depth++
    else if (this.#depth === 0) return letter === ',' || letter === ']'
    else if (letter === '}' || letter === ']') this.#depth--
    return false
  }

  #element(rest: string): Item {
    const item = parsed(this.#text + rest, this.#startLine)
    this.#text = ''
    this.#place = 'after'
    return item
  }

  #fail(problem: string): Item {
    this.broken = true
    return { line: this.#line, problem: `${problem}; nothing after it is read` }
  }
}
