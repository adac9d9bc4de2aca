/**
 * Numbers, times and sizes as people read them, always with their unit. `null` is "not known here".
 * @module
 */
export const unknown = '–'

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const oneDecimal = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

type Known = number | null | undefined

/** `12,345`, and `1.2M` where nobody needs the rest. */
export function count(value: Known): string {
  if (value === null || value === undefined) return unknown
  return Math.abs(value) < 1_000_000 ? whole.format(value) : compact.format(value)
}

/** `3 letters`, `1 letter`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

/** `12,345/s`; small ones keep a decimal, so that something is not nothing. */
export function rate(value: Known): string {
  if (value === null || value === undefined) return unknown
  return `${value > 0 && value < 10 ? oneDecimal.format(value) : count(value)}/s`
}

/** `0.4 ms`, `12 ms`, `1.2 s`, `2 min 5 s`. */
export function duration(ms: Known): string {
  if (ms === null || ms === undefined) return unknown
  if (ms < 10) return `${oneDecimal.format(ms)} ms`
  if (ms < 1000) return `${whole.format(ms)} ms`
  if (ms < 60_000) return `${oneDecimal.format(ms / 1000)} s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1000)} s`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}

export function seconds(value: Known): string {
  if (value === null || value === undefined) return unknown
  return value < 1 ? `${oneDecimal.format(value)} s` : duration(value * 1000)
}

/** `99.98 %`. Only the whole is 100 %. */
export function share(value: Known): string {
  if (value === null || value === undefined) return unknown
  if (value >= 1) return '100 %'
  return `${(Math.floor(value * 10_000) / 100).toFixed(2)} %`
}

export function bytes(value: number): string {
  if (value < 1024) return `${value} B`
  if (value < 1024 ** 2) return `${oneDecimal.format(value / 1024)} KiB`
  return `${oneDecimal.format(value / 1024 ** 2)} MiB`
}

const clockTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const day = new Intl.DateTimeFormat('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit' })

/** `14:03:22` */
export function time(at: number): string {
  return clockTime.format(at)
}

/** `14:03:22.048` */
export function exactTime(at: number): string {
  return `${clockTime.format(at)}.${String(Math.floor(at) % 1000).padStart(3, '0')}`
}

/** `2026-11-28 14:03:22` */
export function dateTime(at: number): string {
  return `${day.format(at)} ${clockTime.format(at)}`
}

/** `3 min 5 s ago` */
export function ago(at: number, now: number): string {
  const ms = now - at
  return ms < 1000 ? 'just now' : `${duration(ms)} ago`
}
