/**
 * From raw arguments to typed ones. citty fills and types the values; this file adds what it leaves to chance:
 * unknown flags, missing values, too many positionals and flags given several times are told, not guessed.
 * @module
 */
import { parseArgs, type ArgDef, type ArgsDef, type ParsedArgs } from 'citty'
import { UsageInvalid } from './errors.ts'
import { didYouMean } from './suggestion.ts'

export interface Arguments<T extends ArgsDef = ArgsDef> {
  readonly values: ParsedArgs<T>
  /** Every value a flag was given, in order; empty when it was not given. */
  readonly every: (flag: string) => readonly string[]
  /** Positionals beyond the declared ones; only for commands that take them. */
  readonly rest: readonly string[]
}

interface Scan {
  readonly given: Map<string, string[]>
  readonly positionals: string[]
}

/**
 * Reads `raw` by `defs`.
 * @param options.rest the command takes any number of further positionals
 * @throws UsageInvalid
 */
export function parseArguments<T extends ArgsDef>(
  raw: readonly string[],
  defs: T,
  options: { readonly rest?: boolean } = {},
): Arguments<T> {
  const { given, positionals } = scan(raw, defs)
  const declared = Object.entries(defs).filter(([, def]) => def.type === 'positional')
  if (!options.rest && positionals.length > declared.length) {
    throw new UsageInvalid(`Unexpected argument "${positionals[declared.length]}".`)
  }
  for (const [index, [name, def]] of declared.entries()) {
    const missing = def.required !== false && def.default === undefined && index >= positionals.length
    if (missing) throw new UsageInvalid(`<${name}> is missing: ${lowerFirst(def.description ?? 'give it')}.`)
  }
  for (const [name, def] of Object.entries(defs)) checkRequired(name, def, given)
  return {
    values: parseArgs<T>([...raw], defs),
    every: (flag) => given.get(flag) ?? [],
    rest: positionals.slice(declared.length),
  }
}

function scan(raw: readonly string[], defs: ArgsDef): Scan {
  const flags = flagNames(defs)
  const found: Scan = { given: new Map(), positionals: [] }
  for (let index = 0; index < raw.length; index++) {
    const argument = raw[index]!
    if (argument === '--') {
      found.positionals.push(...raw.slice(index + 1))
      break
    }
    if (!argument.startsWith('-') || argument === '-') {
      found.positionals.push(argument)
      continue
    }
    const takesNext = takeFlag(argument, raw[index + 1], flags, defs, found.given)
    if (takesNext) index++
  }
  return found
}

/** Notes one flag; true when its value was the next argument. */
function takeFlag(
  argument: string,
  next: string | undefined,
  flags: ReadonlyMap<string, string>,
  defs: ArgsDef,
  given: Map<string, string[]>,
): boolean {
  const equals = argument.indexOf('=')
  const written = equals < 0 ? argument : argument.slice(0, equals)
  const negated = written.startsWith('--no-') && !flags.has(written)
  const name = flags.get(negated ? `--${written.slice(5)}` : written)
  const def = name === undefined ? undefined : defs[name]
  if (name === undefined || def === undefined || (negated && def.type !== 'boolean')) {
    throw new UsageInvalid(`Unknown flag "${written}".${suggestionFor(written, flags, defs)}`)
  }
  const note = (value: string): void => {
    checkChoice(name, def, value)
    given.set(name, [...(given.get(name) ?? []), value])
  }
  if (def.type === 'boolean') {
    if (equals >= 0 && !/^(?:true|false)$/.test(argument.slice(equals + 1))) {
      throw new UsageInvalid(`--${name} is a switch and takes no value; --no-${name} turns it off.`)
    }
    note(String(!negated))
    return false
  }
  if (equals >= 0) note(argument.slice(equals + 1))
  else if (next === undefined) throw new UsageInvalid(`--${name} needs a value.`)
  else if (isFlag(next, flags)) {
    throw new UsageInvalid(`--${name} needs a value before ${next}; if that is the value, write --${name}=${next}.`)
  } else note(next)
  return equals < 0
}

/** A value was forgotten where another flag of the command stands instead: `--data --json`. */
function isFlag(argument: string, flags: ReadonlyMap<string, string>): boolean {
  return argument.startsWith('-') && flags.has(argument.split('=')[0]!)
}

/** Of words only, also behind `--no-`: a letter has no nearest letter. */
function suggestionFor(written: string, flags: ReadonlyMap<string, string>, defs: ArgsDef): string {
  const switches = [...flags].filter(([, name]) => defs[name]?.type === 'boolean').map(([flag]) => flag)
  const negations = written.startsWith('--no-') ? switches.map((flag) => flag.replace('--', '--no-')) : []
  return didYouMean(
    written,
    [...flags.keys(), ...negations].filter((flag) => flag.startsWith('--')),
  )
}

/** Every way a flag can be written (`--json`, `-f`), with the name it stands for. */
export function flagNames(defs: ArgsDef): Map<string, string> {
  const names = new Map<string, string>()
  for (const [name, def] of Object.entries(defs)) {
    if (def.type === 'positional') continue
    names.set(`--${name}`, name)
    for (const alias of aliases(def)) names.set(alias.length === 1 ? `-${alias}` : `--${alias}`, name)
  }
  return names
}

export function aliases(def: ArgDef): readonly string[] {
  const alias = 'alias' in def ? def.alias : undefined
  return alias === undefined ? [] : typeof alias === 'string' ? [alias] : alias
}

function checkChoice(name: string, def: ArgDef, value: string): void {
  if (def.type !== 'enum' || def.options === undefined || def.options.includes(value)) return
  const hint = didYouMean(value, def.options, (option) => `"${option}"`)
  throw new UsageInvalid(`--${name} cannot be "${value}": it is one of ${def.options.join(', ')}.${hint}`)
}

function checkRequired(name: string, def: ArgDef, given: ReadonlyMap<string, unknown>): void {
  if (def.type === 'positional' || def.required !== true || given.has(name)) return
  throw new UsageInvalid(`--${name} is missing: ${lowerFirst(def.description ?? 'give it')}.`)
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
