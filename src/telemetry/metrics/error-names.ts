/**
 * Names of errors as label values. There are only so many of them, whatever is thrown.
 * @module
 */
import { isVeltrixError } from '../../errors.ts'

/** What the conventions call an error that has no name of its own. */
const other = '_OTHER'

/** Names are classes' and codes, not texts. */
const plain = /^[A-Za-z_$][\w$.:-]{0,63}$/

export class ErrorNames {
  readonly #most: number
  readonly #known = new Set<string>()

  constructor(most = 40) {
    this.#most = most
  }

  /** The code of an error of Veltrix, else the error's name, else its class's; `_OTHER` for what is too much. */
  of(error: unknown): string {
    const name = nameOf(error)
    if (name === other || this.#known.has(name)) return name
    if (this.#known.size >= this.#most || !plain.test(name)) return other
    this.#known.add(name)
    return name
  }
}

function nameOf(error: unknown): string {
  if (isVeltrixError(error)) return error.code
  if (!(error instanceof Error)) return other
  return error.name === 'Error' ? error.constructor.name : error.name
}
