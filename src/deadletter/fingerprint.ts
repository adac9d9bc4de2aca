/**
 * Which letters failed alike: the same reason, the same error, and the same message but for what differs from event to event. The rules
 * are part of what is promised: a change of them gives every group another id, so they change with a minor version only (before 1.0) and
 * the marks `rules` counts.
 *
 * Messages are anybody's: of each at most 2,048 characters are looked at, and no expression below goes back over more than those.
 * @module
 */
import { hash } from 'node:crypto'

const rules = 'veltrix-dead-group-1'

const maxMessage = 2048
const maxPattern = 200

/** What the letters of one group have in common. */
export interface Fingerprinted {
  readonly reason: string
  readonly errorName?: string
  readonly errorMessage?: string
}

/** The id of the group of a failure: twelve hexadecimal digits, the same for the same failure in every process and on every day. */
export function groupOf({ reason, errorName, errorMessage }: Fingerprinted): string {
  const parts = [rules, reason, errorName ?? null, errorMessage === undefined ? null : patternOf(errorMessage)]
  return hash('sha256', JSON.stringify(parts), 'hex').slice(0, 12)
}

const quotedText = /"[^"\n]*"|`[^`\n]*`|“[^”\n]*”|«[^»\n]*»|(?<![\p{L}\p{N}])'[^'\n]*'(?![\p{L}\p{N}])/u
const url = /\b[a-z][a-z0-9+.-]{1,15}:\/\/[^\s"'`<>()[\]{},;]+/u
const email = /[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,6}/u
const isoTime = /\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?Z\b|[+-]\d\d:?\d\d)?)?(?!\d)/u
const wordTime =
  /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? (?:[A-Z][a-z]{2} \d\d?|\d\d? [A-Z][a-z]{2}),? \d{4} \d\d:\d\d:\d\d(?: (?:GMT|UTC)(?:[+-]\d{4})?(?: \([^()\n]{1,40}\))?)?/u
const clockTime = /\b\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?!\d)/u
const uuid = /\b[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\b/iu
/** Lengths that ids have: ULID, ObjectId, trace id and MD5, SHA-1, SHA-256. */
const knownId = /\b(?:[0-7][\da-hjkmnp-tv-z]{25}|[\da-f]{24}|[\da-f]{32}|[\da-f]{40}|[\da-f]{64})\b/iu
const address =
  /\b\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)(?::\d{1,5})?|(?<![\p{L}\p{N}:])(?:[\da-f]{0,4}:){2,7}[\da-f]{1,4}\b/iu
const path =
  /(?<![\p{L}\p{N}./\\~])(?:~|\.{1,2})?\/[\p{L}\p{N}._@+%-]+(?:\/[\p{L}\p{N}._@+%-]*)*|\b[A-Za-z]:\\[^\s"'<>|,;]+/u
const number = /(?<![\p{L}\p{N})\]])[-+]?\d+(?:[.,]\d+)*(?:e[-+]?\d+)?(?![\p{L}\p{N}])/u
const word = /[\p{L}\p{M}\p{N}]+/u

/** In this order: what comes first wins where two could begin at the same place. */
const marks = [
  ['quoted', quotedText],
  ['url', url],
  ['email', email],
  ['time', isoTime],
  ['time', wordTime],
  ['time', clockTime],
  ['number', uuid],
  ['number', knownId],
  ['address', address],
  ['path', path],
  ['number', number],
  ['word', word],
] as const

const shown: Readonly<Record<(typeof marks)[number][0], string>> = {
  quoted: '"…"',
  url: '<url>',
  email: '<email>',
  time: '<time>',
  number: '#',
  address: '<address>',
  path: '<path>',
  word: '',
}

const anyMark = new RegExp(marks.map(([, expression]) => `(${withoutCase(expression)})`).join('|'), 'gu')

/**
 * A message with marks in place of what differs: `#` for numbers and ids (also `#` for a list of them), `"…"` for what is quoted, `<url>`,
 * `<email>`, `<time>`, `<address>`, `<path>`. At most 200 characters. Never throws.
 */
export function patternOf(message: string): string {
  const text = message.slice(0, maxMessage).toWellFormed()
  const marked = text.replace(anyMark, (found: string, ...groups: unknown[]) => {
    const [kind] = marks[groups.findIndex((group, index) => index < marks.length && group !== undefined)]!
    return kind === 'word' ? markedWord(found) : shown[kind]
  })
  const listed = marked.replace(/\s+/gu, ' ').replace(/(#|"…"|<[a-z]+>)(?: ?, ?\1)+/gu, '$1')
  return listed.trim().slice(0, maxPattern).toWellFormed()
}

/**
 * A word with digits is an id, or has a number in it. What decides must not depend on the digits, or `batch9` and `batch123456789` would
 * be taken for different failures.
 */
function markedWord(text: string): string {
  if (!/\p{N}/u.test(text)) return text
  const runs = text.match(/\p{N}+/gu)!.length
  const letters = text.replace(/\p{N}+/gu, '')
  const inside = /\p{L}\p{N}+\p{L}/u.test(text)
  const isHex = letters.length >= 3 && /^[a-f]+$/iu.test(letters)
  const isId =
    letters === '' || (runs > 1 && inside) || isHex || (inside && letters.length >= 8) || text.startsWith('0x')
  return isId ? '#' : text.replace(/\p{N}+/gu, '#')
}

/** The source of an expression; `i` of a part is spelled out, as the whole has no such flag. */
function withoutCase({ source, flags }: RegExp): string {
  return flags.includes('i') ? `(?i:${source})` : source
}
