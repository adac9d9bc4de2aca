/**
 * Numbers and text as people read them.
 * @module
 */
import { stripVTControlCharacters } from 'node:util'

/** `1,234,567` */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replaceAll(/\B(?=(?:\d{3})+$)/g, ',')
}

/** At most five characters: `0`, `7`, `950`, `1.2k`, `48k`, `3.1M`. */
export function compact(value: number): string {
  if (value < 9.95) return Number.isInteger(value) ? String(value) : value.toFixed(1)
  for (const [unit, size] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    if (value < size) continue
    const scaled = value / size
    return `${scaled < 9.95 ? scaled.toFixed(1) : Math.round(scaled)}${unit}`
  }
  return String(Math.round(value))
}

/** A span in milliseconds with its unit: `0.4ms`, `12ms`, `3.4s`, `2m05s`, `3h10m`. */
export function span(ms: number): string {
  if (ms < 9.95) return `${ms.toFixed(1)}ms`
  if (ms < 999.5) return `${Math.round(ms)}ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)}s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)}h${two(minutes % 60)}m`
  return `${Math.round(minutes / 1440)}d`
}

/** `512 B`, `1.5 KiB`, `23 MiB` */
export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let scaled = value
  let unit = 0
  for (; scaled >= 1023.5 && unit < units.length - 1; unit++) scaled /= 1024
  return `${unit === 0 || scaled >= 9.95 ? Math.round(scaled) : scaled.toFixed(1)} ${units[unit]}`
}

/** `1 event`, `2 events` */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

/** The first few of `names`, and how many more there are. */
export function listed(names: readonly string[]): string {
  const most = 8
  return names.length > most ? `${names.slice(0, most).join(', ')} and ${names.length - most} more` : names.join(', ')
}

/** Wall-clock time as `2026-03-01 12:00:00`, UTC. */
export function moment(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString().slice(0, 19).replace('T', ' ') : '-'
}

let segmenter: Intl.Segmenter | undefined

/** Made when first needed: it takes 15 ms. */
function graphemes(text: string): Iterable<Intl.SegmentData> {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  return segmenter.segment(text)
}

/** Cells `text` takes on a terminal: colours take none, wide letters two. */
export function cells(text: string): number {
  // oxlint-disable-next-line no-control-regex
  if (/^[\u0020-\u007E]*$/.test(text)) return text.length
  let width = 0
  for (const { segment } of graphemes(stripVTControlCharacters(text))) width += cellsOf(segment)
  return width
}

function cellsOf(grapheme: string): number {
  const point = grapheme.codePointAt(0)!
  if (point < 0x20 || (point >= 0x7f && point < 0xa0)) return 0
  const wide = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303E\uFF01-\uFF60]/u
  return wide.test(grapheme) || /^\p{Emoji_Presentation}/u.test(grapheme) ? 2 : 1
}

/** `text` in exactly `width` cells: filled up with blanks, or cut with an ellipsis. Uncoloured text only. */
export function fit(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const cut = clip(text, width)
  const blanks = ' '.repeat(Math.max(0, width - cells(cut)))
  return align === 'left' ? cut + blanks : blanks + cut
}

/** `text`, cut to `width` cells with an ellipsis. Uncoloured text only. */
export function clip(text: string, width: number): string {
  if (cells(text) <= width) return text
  let kept = ''
  let used = 0
  for (const { segment } of graphemes(text)) {
    used += cellsOf(segment)
    if (used > width - 1) break
    kept += segment
  }
  return width < 1 ? '' : `${kept}…`
}

/** Text from outside, safe to print: control characters (also escape sequences) become visible. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/g, (letter) => {
    if (letter === '\n') return '\\n'
    if (letter === '\t') return '\\t'
    return `\\u${letter.codePointAt(0)!.toString(16).padStart(4, '0')}`
  })
}

/** The same for text whose line ends are meant. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
