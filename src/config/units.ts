/**
 * Durations and sizes as people write them. The types refuse `'30x'` when compiling, the functions when running.
 * @module
 */

/** Milliseconds as a number, or text with a unit: `'200ms'`, `'30s'`, `'5m'`, `'12h'`, `'7d'`. */
export type Duration = number | DurationText
export type DurationText = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`
/** Bytes as a number, or text with a unit: `'512B'`, `'64KiB'` (1,024), `'1MiB'`, `'2GiB'`, `'64KB'` (1,000), `'1MB'`, `'2GB'`. */
export type Size = number | `${number}${'B' | 'KiB' | 'MiB' | 'GiB' | 'KB' | 'MB' | 'GB'}`
/** From … to: `'200ms..30s'` or `{ min: '200ms', max: '30s' }`. */
export type DurationRange = `${DurationText}..${DurationText}` | { readonly min: Duration; readonly max: Duration }

const msByUnit: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const bytesByUnit: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
}

/** Milliseconds of a {@link Duration}; `undefined` when it is none. */
export function parseDuration(value: unknown): number | undefined {
  return parseQuantity(value, msByUnit)
}

/** Bytes of a {@link Size}; `undefined` when it is none. */
export function parseSize(value: unknown): number | undefined {
  return parseQuantity(value, bytesByUnit)
}

function parseQuantity(value: unknown, units: Readonly<Record<string, number>>): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : undefined
  const match = typeof value === 'string' ? /^(\d{1,15}(?:\.\d{1,9})?)([A-Za-z]{1,3})$/.exec(value) : null
  const unit = match && Object.hasOwn(units, match[2]!) ? units[match[2]!] : undefined
  return unit === undefined ? undefined : Math.round(Number(match![1]) * unit)
}

/** Milliseconds as a person would write them. */
export function durationText(ms: number): string {
  return quantityText(ms, msByUnit, ['d', 'h', 'm', 's', 'ms'])
}

/** Bytes as a person would write them. */
export function sizeText(bytes: number): string {
  return quantityText(bytes, bytesByUnit, ['GiB', 'MiB', 'KiB', 'B'])
}

function quantityText(value: number, units: Readonly<Record<string, number>>, names: readonly string[]): string {
  const unit = value > 0 ? names.find((name) => value % (units[name] ?? Infinity) === 0) : undefined
  return unit ? `${value / units[unit]!}${unit}` : `${value}${names.at(-1)}`
}
