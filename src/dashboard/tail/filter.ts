/**
 * Filters people write: CEL on one event. What is written is checked before it is asked, and cannot take long: it has no loops but over the
 * lists of the event itself, and those are bounded in number.
 * @module
 */
import { Environment, type ASTNode } from '@marcbachmann/cel-js'
import { DashboardRefused } from '../errors.ts'

const maxLength = 1_000
const maxFilters = 8
/** They go through a list; one inside of another takes a product of times. */
const macros = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])
const maxMacros = 2
/** One that took longer than this for one event is not asked again, milliseconds. */
const slowMs = 20

const environment = new Environment({
  unlistedVariablesAreDyn: false,
  homogeneousAggregateLiterals: false,
  limits: { maxAstNodes: 200, maxDepth: 24, maxListElements: 100, maxMapEntries: 20, maxCallArguments: 8 },
}).registerVariable('event', 'map')

export interface Filter {
  /** True only where the filter says true: an error (a field that is not there) is no match. */
  matches(event: Readonly<Record<string, unknown>>): boolean
  /** Why it is not asked any more. */
  readonly givenUp: string | undefined
}

/**
 * All of `texts` must match.
 * @param monotonic of a clock, milliseconds
 * @throws DashboardRefused when one is no CEL, or asks for too much
 */
export function filterOf(texts: readonly string[], monotonic: () => number): Filter {
  if (texts.length > maxFilters) throw refused(`at most ${maxFilters} are asked at once`)
  return new CelFilter(texts.map(compiled), monotonic)
}

type Compiled = (context: { readonly event: unknown }) => unknown

class CelFilter implements Filter {
  givenUp: string | undefined
  readonly #all: readonly Compiled[]
  readonly #monotonic: () => number

  constructor(all: readonly Compiled[], monotonic: () => number) {
    this.#all = all
    this.#monotonic = monotonic
  }

  matches(event: Readonly<Record<string, unknown>>): boolean {
    if (this.givenUp !== undefined) return false
    const startedAt = this.#monotonic()
    try {
      return this.#all.every((ask) => ask({ event }) === true)
    } catch {
      return false
    } finally {
      if (this.#monotonic() - startedAt > slowMs) {
        this.givenUp = `The filter took longer than ${slowMs} ms for one event and is not asked any more.`
      }
    }
  }
}

function compiled(text: string): Compiled {
  if (text.length > maxLength) throw refused(`it has ${text.length} characters; at most ${maxLength} are read`)
  try {
    const parsed = environment.parse(text)
    checkCalls(parsed.ast)
    const { valid, type, error } = parsed.check()
    if (!valid) throw error ?? new Error('it does not hold to the types of CEL')
    if (type !== 'bool' && type !== 'dyn') throw new Error(`it gives ${type}; it must say true or false`)
    return parsed as Compiled
  } catch (error) {
    if (error instanceof DashboardRefused) throw error
    throw refused(`${JSON.stringify(text)}: ${(error as Error).message.split('\n', 1)[0]}`)
  }
}

function checkCalls(ast: ASTNode): void {
  let loops = 0
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(visit)
    if (!isNode(node)) return
    const name = node.op === 'call' || node.op === 'rcall' ? String((node.args as readonly unknown[])[0]) : ''
    // One expression of a stranger run against the text of another may take forever.
    if (name === 'matches') throw refused('matches() is not asked; contains(), startsWith() and endsWith() are')
    if (macros.has(name) && ++loops > maxMacros) {
      throw refused(`at most ${maxMacros} of ${[...macros].join(', ')} are asked`)
    }
    visit(node.args)
  }
  visit(ast)
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value
}

function refused(problem: string): DashboardRefused {
  return new DashboardRefused('filter-invalid', `The filter is not taken: ${problem.replace(/\.$/, '')}.`)
}
