/**
 * Values of flags, checked.
 * @module
 */
import { parseDuration, parseSize } from '../config/index.ts'
import { UsageInvalid } from './errors.ts'

/** @throws UsageInvalid */
export function wholeNumber(
  flag: string,
  text: string | undefined,
  range: { min: number; max?: number },
): number | undefined {
  if (text === undefined) return undefined
  const { min, max = Number.MAX_SAFE_INTEGER } = range
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  const limits = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `from ${min} to ${max}`
  throw new UsageInvalid(`--${flag} cannot be "${text}": give a whole number, ${limits}.`)
}

/** Milliseconds of `500ms`, `10s`, `5m`, `1h`, `7d`. @throws UsageInvalid */
export function duration(flag: string, text: string | undefined, minMs = 0): number | undefined {
  if (text === undefined) return undefined
  const ms = parseDuration(text)
  if (ms !== undefined && ms >= minMs) return ms
  const least = minMs > 0 ? `, at least ${minMs}ms` : ''
  throw new UsageInvalid(`--${flag} cannot be "${text}": give a duration as 500ms, 10s, 5m, 1h or 7d${least}.`)
}

/** Bytes of `512KiB`, `50MiB`, `2GB`. @throws UsageInvalid */
export function size(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const bytes = parseSize(text)
  if (bytes !== undefined && bytes >= 1) return bytes
  throw new UsageInvalid(`--${flag} cannot be "${text}": give a size as 512KiB, 50MiB or 2GB.`)
}

/** A moment: RFC 3339 text, or a duration before now. Milliseconds since the epoch. @throws UsageInvalid */
export function moment(flag: string, text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined
  const before = parseDuration(text)
  if (before !== undefined) return now - before
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(at)) return at
  throw new UsageInvalid(`--${flag} cannot be "${text}": give a time as 2026-03-01T12:00:00Z, or how long ago as 15m.`)
}

/** `value` when it is one of `known`. @throws UsageInvalid listing them */
export function oneOf(what: string, value: string, known: Iterable<string>, hint: string): string {
  const names = [...known]
  if (names.includes(value)) return value
  throw new UsageInvalid(`There is no ${what} "${value}".${hint} There are: ${names.join(', ') || 'none'}.`)
}

/** A part of all, 0 to 1, written as `0.1%`. @throws UsageInvalid */
export function share(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = /^\d{1,3}(?:\.\d{1,9})?%$/.test(text) ? Number(text.slice(0, -1)) : Number.NaN
  if (value <= 100) return value / 100
  throw new UsageInvalid(`--${flag} cannot be "${text}": give a percentage as 0.1%, from 0% to 100%.`)
}
