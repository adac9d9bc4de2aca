/**
 * Rules of CloudEvents 1.0 for attributes, and Veltrix' rule for keys. Every check answers with the problem, or `undefined`.
 * @module
 */

/** Longest `id`, `source`, `type` and `subject`, in UTF-16 code units. CloudEvents sets no limit; this one keeps records and indexes sane. */
export const maxAttributeLength = 1024
/** Longest value of an extension attribute, in UTF-16 code units. */
export const maxExtensionLength = 4096
/** Most extension attributes of one event. */
export const maxExtensions = 64
/** Longest key, in bytes of UTF-8. */
export const maxKeyBytes = 1024

const printableAscii = /^[\x20-\x7e]*$/
const forbidden = /[\p{Cc}\p{Noncharacter_Code_Point}]/u

/** A value of the CloudEvents type String: well-formed Unicode, no control characters, no noncharacters. */
export function textProblem(value: unknown, maxLength = maxAttributeLength): string | undefined {
  if (typeof value !== 'string') return `must be text, not ${nameOf(value)}`
  if (value.length > maxLength) return `has ${value.length} characters; at most ${maxLength} are allowed`
  if (printableAscii.test(value)) return undefined
  if (!value.isWellFormed()) return 'contains half of a surrogate pair, which is not Unicode text'
  const found = forbidden.exec(value)
  if (!found) return undefined
  return `contains ${codePoint(found[0])}, a control character or noncharacter`
}

/** As {@link textProblem}, and not empty: `id`, `type`, `subject`. */
export function nonEmptyTextProblem(value: unknown): string | undefined {
  return value === '' ? 'must not be empty' : textProblem(value)
}

const pchar = String.raw`(?:[\w\-.~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})`
const authority = String.raw`//(?:[\w\-.~!$&'()*+,;=:@]|%[0-9a-fA-F]{2}|\[[0-9a-fA-Fv:.]+\])*`
const uriReference = new RegExp(
  `^(?:(?<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?:${authority}(?:/${pchar}*)*|(?:${pchar}|/)*)` +
    String.raw`(?:\?(?:${pchar}|[/?])*)?(?:#(?:${pchar}|[/?])*)?$`,
)

/** A non-empty URI-reference of RFC 3986: `/checkout`, `urn:shop:7`, `https://example.com/shop`. */
export function sourceProblem(value: unknown): string | undefined {
  const problem = nonEmptyTextProblem(value)
  if (problem) return problem
  const match = uriReference.exec(value as string)
  const relative = match && match.groups!.scheme === undefined
  // A relative reference may not have a colon in its first segment: it would read as a scheme.
  if (match && !(relative && /^[^/?#]*:/.test(value as string))) return undefined
  return 'must be a URI or URI reference (RFC 3986) such as "/checkout": other characters are written as %XX'
}

/** Names of CloudEvents' own attributes (and `data`), which an extension may not take. */
const coreNames: ReadonlySet<string> = new Set([
  'specversion', 'id', 'source', 'type', 'time', 'subject', 'datacontenttype', 'dataschema', 'data',
]) // prettier-ignore
const extensionName = /^[a-z0-9]{1,20}$/

export function extensionNameProblem(name: string): string | undefined {
  if (!extensionName.test(name)) return 'must be named with 1 to 20 lower-case letters or digits'
  return coreNames.has(name) ? 'is the name of a CloudEvents attribute, not free for extensions' : undefined
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|[+-](\d\d):(\d\d))$/

/** Milliseconds since the epoch of an RFC 3339 moment; `undefined` when `value` is none. A leap second counts as the second before. */
export function parseTime(value: string): number | undefined {
  if (isUsualTime(value)) return Date.parse(value)
  const match = value.length <= 64 ? rfc3339.exec(value) : null
  if (!match) return undefined
  const [year, month, day, hour, minute, second, offsetHour = 0, offsetMinute = 0] = match.slice(1).map(Number)
  const daysInMonth = new Date(Date.UTC(2000 + (year! % 400), month!, 0)).getUTCDate()
  if (month! < 1 || month! > 12 || day! < 1 || day! > daysInMonth) return undefined
  if (hour! > 23 || minute! > 59 || second! > 60 || offsetHour > 23 || offsetMinute > 59) return undefined
  const spelled = second === 60 ? `${value.slice(0, 17)}59${value.slice(19)}` : value
  const time = Date.parse(spelled.toUpperCase())
  return Number.isNaN(time) ? undefined : time
}

/** Whether it is spelled as `toISOString` does and surely a moment: nearly all times are, and this is ten times as quick. */
function isUsualTime(value: string): boolean {
  if (value.length !== usualTime.length) return false
  for (let i = 0; i < usualTime.length; i++) {
    const most = usualTime.charCodeAt(i)
    const code = value.charCodeAt(i)
    // A digit up to the one shown, or the very character.
    if (most >= 0x30 && most <= 0x39 ? code < 0x30 || code > most : code !== most) return false
  }
  const month = twoDigits(value, 5)
  const day = twoDigits(value, 8)
  return month >= 1 && month <= 12 && day >= 1 && day <= 28 && twoDigits(value, 11) <= 23
}

/** The highest digit of each place; month, day and hour are looked at again as numbers. */
const usualTime = '9999-19-29T29:59:59.999Z'

function twoDigits(value: string, at: number): number {
  return (value.charCodeAt(at) - 0x30) * 10 + value.charCodeAt(at + 1) - 0x30
}

export function timeProblem(value: unknown): string | undefined {
  if (typeof value === 'string' && parseTime(value) !== undefined) return undefined
  return 'must be a moment as RFC 3339 writes it, such as "2026-01-31T12:00:00Z"'
}

/** A key: 1 to 1,024 bytes of UTF-8, well-formed, without NUL (which C-based tools cut at). */
export function keyProblem(key: unknown): string | undefined {
  if (typeof key !== 'string') return `must be text, not ${nameOf(key)}`
  if (key === '') return 'must not be empty'
  if (key.length > maxKeyBytes || (key.length * 3 > maxKeyBytes && Buffer.byteLength(key) > maxKeyBytes)) {
    return `has ${Buffer.byteLength(key)} bytes; at most ${maxKeyBytes} are allowed`
  }
  if (!key.isWellFormed()) return 'contains half of a surrogate pair, which is not Unicode text'
  return key.includes('\0') ? 'contains U+0000 (NUL)' : undefined
}

/** What kind of thing `value` is, for messages. */
export function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function codePoint(char: string): string {
  return `U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`
}
