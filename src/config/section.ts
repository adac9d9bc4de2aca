/**
 * Reading one object of the typed file without trusting it: every field is taken once, checked, and what is wrong is noted with its path.
 * Definitions may come from plain JavaScript, so a getter may throw, a list stand for an object, an object contain itself.
 * @module
 */
import { nearestName, quoted } from '../event/index.ts'
import type { ConfigProblem } from './errors.ts'
import { durationText, parseDuration, parseSize, sizeText } from './units.ts'

export interface NumberRule {
  readonly default: number
  readonly min: number
  readonly max: number
}

/** Every problem found so far, in the order found. */
export class Problems {
  readonly found: ConfigProblem[] = []

  add(path: string, message: string): void {
    this.found.push({ path, message })
  }
}

export class Section {
  readonly path: string
  readonly problems: Problems
  readonly #fields: ReadonlyMap<string, unknown>

  /** @param known names of the fields that may be there; others are problems. `undefined`: any name (a record of named things) */
  constructor(value: unknown, path: string, problems: Problems, known?: readonly string[]) {
    this.path = path
    this.problems = problems
    this.#fields = value === undefined ? new Map() : fieldsOf(value, path, problems)
    if (known) for (const name of this.#fields.keys()) if (!known.includes(name)) this.#unknown(name, known)
  }

  #unknown(name: string, known: readonly string[]): void {
    const near = nearestName(name, known)
    this.problems.add(
      joined(this.path, name),
      `there is no such option${near ? `, did you mean ${quoted(near)}?` : ';'} Known here: ${known.join(', ')}`,
    )
  }

  has(name: string): boolean {
    return this.#fields.get(name) !== undefined
  }

  get(name: string): unknown {
    return this.#fields.get(name)
  }

  entries(): Iterable<[string, unknown]> {
    return this.#fields
  }

  /** The object in field `name`; one without fields when it is absent. */
  section(name: string, known?: readonly string[]): Section {
    return new Section(this.get(name), joined(this.path, name), this.problems, known)
  }

  wrong(name: string, message: string): void {
    this.problems.add(joined(this.path, name), message)
  }

  choice<Choice extends string>(name: string, choices: readonly Choice[], fallback: Choice): Choice {
    const value = this.get(name)
    if (value === undefined) return fallback
    const found = choices.find((choice) => choice === value)
    if (found === undefined) this.wrong(name, `${shown(value)} is not allowed${meant(value, choices)}`)
    return found ?? fallback
  }

  boolean(name: string, fallback: boolean): boolean {
    const value = this.get(name)
    if (value === undefined || typeof value === 'boolean') return value ?? fallback
    this.wrong(name, `${shown(value)} is neither true nor false`)
    return fallback
  }

  integer(name: string, rule: NumberRule): number {
    return this.#number(name, rule, 'a whole number', Number.isSafeInteger)
  }

  fraction(name: string, rule: NumberRule): number {
    return this.#number(name, rule, 'a number', Number.isFinite)
  }

  #number(name: string, rule: NumberRule, kind: string, fits: (value: unknown) => boolean): number {
    const value = this.get(name)
    if (value === undefined) return rule.default
    if (fits(value) && (value as number) >= rule.min && (value as number) <= rule.max) return value as number
    this.wrong(name, `${shown(value)} is not ${kind} from ${rule.min} to ${rule.max}`)
    return rule.default
  }

  /** @param none word for "no limit" (gives Infinity), where that is allowed */
  duration(name: string, rule: NumberRule, none?: string): number {
    return this.#quantity(name, rule, none, {
      parse: parseDuration,
      text: durationText,
      like: 'a duration such as "200ms", "30s", "5m", "12h", "7d" or a number of milliseconds',
    })
  }

  size(name: string, rule: NumberRule, none?: string): number {
    return this.#quantity(name, rule, none, {
      parse: parseSize,
      text: sizeText,
      like: 'a size such as "512KiB", "1MiB", "2GiB" or a number of bytes',
    })
  }

  #quantity(
    name: string,
    rule: NumberRule,
    none: string | undefined,
    unit: { parse: (value: unknown) => number | undefined; text: (value: number) => string; like: string },
  ): number {
    const value = this.get(name)
    if (value === undefined) return rule.default
    if (none !== undefined && value === none) return Infinity
    const parsed = unit.parse(value)
    if (parsed !== undefined && parsed >= rule.min && parsed <= rule.max) return parsed
    const range = `from ${unit.text(rule.min)} to ${unit.text(rule.max)}`
    const otherwise = none === undefined ? '' : `, or "${none}"`
    this.wrong(
      name,
      parsed === undefined
        ? `${shown(value)} is not ${unit.like}${otherwise}`
        : `${shown(value)} is out of range; allowed: ${range}${otherwise}`,
    )
    return rule.default
  }

  /** `'200ms..30s'` or `{ min, max }`, in milliseconds. */
  range(name: string, rule: { min: NumberRule; max: NumberRule }): { min: number; max: number } {
    const value = this.get(name)
    const fallback = { min: rule.min.default, max: rule.max.default }
    if (value === undefined) return fallback
    let ends: Section
    if (typeof value === 'string') {
      const [min, max, ...rest] = value.split('..')
      if (parseDuration(min) === undefined || parseDuration(max) === undefined || rest.length > 0) {
        this.wrong(name, `${shown(value)} is not a range such as "200ms..30s"`)
        return fallback
      }
      ends = new Section({ min, max }, joined(this.path, name), this.problems)
    } else ends = this.section(name, ['min', 'max'])
    const range = { min: ends.duration('min', rule.min), max: ends.duration('max', rule.max) }
    if (range.min <= range.max) return range
    this.wrong(name, `begins at ${durationText(range.min)}, above its end ${durationText(range.max)}`)
    return fallback
  }

  /** A list; empty when absent, `undefined` when it is (then noted) none. */
  list(name: string): readonly unknown[] | undefined {
    const value = this.get(name)
    if (value === undefined) return []
    try {
      if (Array.isArray(value)) return [...(value as unknown[])]
    } catch (error) {
      this.wrong(name, `cannot be read: ${reasonOf(error)}`)
      return undefined
    }
    this.wrong(name, `${shown(value)} is not a list`)
    return undefined
  }
}

function fieldsOf(value: unknown, path: string, problems: Problems): ReadonlyMap<string, unknown> {
  const fields = new Map<string, unknown>()
  try {
    if (!isPlainObject(value)) {
      problems.add(path, `${shown(value)} is not a plain object { … }`)
      return fields
    }
    for (const name of Object.keys(value)) {
      try {
        fields.set(name, value[name])
      } catch (error) {
        problems.add(joined(path, name), `cannot be read: ${reasonOf(error)}`)
      }
    }
  } catch (error) {
    problems.add(path, `cannot be read: ${reasonOf(error)}`)
  }
  return fields
}

/** Also one of another realm, or without a prototype; not a list, not an instance of a class. */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return (
    prototype === null ||
    (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'isPrototypeOf'))
  )
}

/** `a.b["c d"]` */
export function joined(path: string, name: string): string {
  if (!/^[A-Za-z_$][\w$-]*$/.test(name)) return `${path}[${quoted(name)}]`
  return path === '' ? name : `${path}.${name}`
}

/** A value for a message: short, and safe whatever it is. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return String(value)
  try {
    if (Array.isArray(value)) return 'a list'
    const name: unknown = isPlainObject(value) ? undefined : value.constructor?.name
    return typeof name === 'string' && name !== '' ? `an instance of ${name}` : 'an object'
  } catch {
    return 'an object'
  }
}

/** `, did you mean "critical"? Allowed: …` or `; allowed: …` */
export function meant(value: unknown, allowed: Iterable<string>): string {
  const names = [...allowed]
  const near = typeof value === 'string' ? nearestName(value, names) : undefined
  const all = names.length === 0 ? 'nothing' : names.map(quoted).join(', ')
  return near ? `, did you mean ${quoted(near)}? Allowed: ${all}` : `; allowed: ${all}`
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : shown(error)
}
