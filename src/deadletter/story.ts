/**
 * The story of a failure: an error and everything it was caused by, as plain bounded JSON. What is thrown is anybody's
 * object, so nothing here trusts it: getters may throw, causes may be cycles, values may be BigInt or no error at all.
 * @module
 */

/** One error of a story. */
export interface ErrorLink {
  readonly name: string
  readonly message: string
  readonly code?: string | number
  readonly stack?: string
  /** How it hangs on the one it explains: `cause`, or `errors[2]` of an AggregateError. Absent for the first. */
  readonly via?: string
  /** Index in `chain` of the error it explains. Absent for the first. */
  readonly of?: number
}

/** The thrown error first, then its causes, each after the one it explains. */
export interface ErrorStory {
  readonly chain: readonly ErrorLink[]
  /** Set when something was left out to stay in bounds. */
  readonly cut?: true
}

const maxLinks = 16
const maxDepth = 8
const maxTextLength = 2048

/** Most bytes a story takes as JSON, unless told otherwise: 8 KiB. */
export const maxStoryBytes = 8 * 1024

/** Tells the story of anything that was thrown, in at most `maxBytes` of JSON. Never throws. */
export function errorStory(thrown: unknown, maxBytes = maxStoryBytes): ErrorStory {
  const chain: ErrorLink[] = []
  const seen = new Set<unknown>()
  let cut = false
  const visit = (error: unknown, depth: number, of?: number, via?: string): void => {
    if (seen.has(error) || chain.length >= maxLinks || depth > maxDepth) {
      cut = true
      return
    }
    if (isObject(error)) seen.add(error)
    const index = chain.length
    chain.push({ ...linkOf(error), ...(via === undefined ? {} : { via, of }) })
    if (!isObject(error)) return
    const cause = peek(error, 'cause')
    if (cause !== undefined && cause !== null) visit(cause, depth + 1, index, 'cause')
    for (const [position, part] of partsOf(error).entries()) visit(part, depth + 1, index, `errors[${position}]`)
  }
  visit(thrown, 1)
  return shortenStory(cut ? { chain, cut } : { chain }, maxBytes)
}

/**
 * The same story in at most `maxBytes` of JSON: first without the stacks of the deepest causes, then without the deepest
 * causes, then with a shortened message. The first error's name stays whatever the bound.
 */
export function shortenStory(story: ErrorStory, maxBytes: number): ErrorStory {
  if (storyBytes(story) <= maxBytes) return story
  let chain = [...story.chain]
  const fits = (): boolean => storyBytes({ chain, cut: true }) <= maxBytes
  for (let i = chain.length - 1; i >= 0; i--) {
    const { stack, ...rest } = chain[i]!
    chain[i] = rest
    if (stack !== undefined && fits()) return { chain, cut: true }
  }
  while (chain.length > 1) {
    chain.pop()
    if (fits()) return { chain, cut: true }
  }
  const first = chain[0]
  if (first === undefined) return { chain, cut: true }
  const name = cutText(first.name, 64)
  for (let length = 1024; length >= 16; length /= 2) {
    chain = [{ name, message: cutText(first.message, length) }]
    if (fits()) return { chain, cut: true }
  }
  return { chain: [{ name, message: '' }], cut: true }
}

function storyBytes(story: ErrorStory): number {
  return Buffer.byteLength(JSON.stringify(story))
}

function linkOf(error: unknown): ErrorLink {
  if (!isObject(error)) return { name: nameOfPlain(error), message: cutText(textOf(error)) }
  const message = peek(error, 'message')
  const code = peek(error, 'code')
  const stack = peek(error, 'stack')
  return {
    name: cutText(nameOf(error), 200),
    message: cutText(typeof message === 'string' ? message : message === undefined ? textOf(error) : textOf(message)),
    ...(typeof code === 'string' ? { code: cutText(code, 200) } : typeof code === 'number' ? { code } : {}),
    ...(typeof stack === 'string' ? { stack: cutText(stack) } : {}),
  }
}

function nameOf(error: object): string {
  const name = peek(error, 'name')
  if (typeof name === 'string' && name !== '') return name
  const made = peek(error, 'constructor')
  const madeName = isObject(made) || typeof made === 'function' ? peek(made as object, 'name') : undefined
  return typeof madeName === 'string' && madeName !== '' ? madeName : 'Error'
}

function nameOfPlain(value: unknown): string {
  return value === null ? 'null' : typeof value
}

/** The parts of an AggregateError; none when they cannot be read. */
function partsOf(error: object): unknown[] {
  const errors = peek(error, 'errors')
  try {
    return Array.isArray(errors) ? errors.slice(0, maxLinks) : []
  } catch {
    return []
  }
}

function peek(object: object, field: string): unknown {
  try {
    return (object as Record<string, unknown>)[field]
  } catch {
    return undefined
  }
}

function textOf(value: unknown): string {
  try {
    if (isObject(value)) {
      return (
        JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part)) ?? String(value)
      )
    }
    return String(value)
  } catch {
    return '(cannot be shown)'
  }
}

function cutText(text: string, length = maxTextLength): string {
  return (text.length <= length ? text : `${text.slice(0, length - 1)}…`).toWellFormed()
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

/** Reads a story back from JSON; `undefined` when the text is none. */
export function readStory(json: string | undefined): ErrorStory | undefined {
  if (json === undefined) return undefined
  try {
    const value = JSON.parse(json) as ErrorStory
    return isStory(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Whether a parsed value has the shape of a story. */
export function isStory(value: unknown): value is ErrorStory {
  if (!isObject(value) || !Array.isArray((value as ErrorStory).chain)) return false
  return (value as ErrorStory).chain.every(
    (link) => isObject(link) && typeof link.name === 'string' && typeof link.message === 'string',
  )
}
