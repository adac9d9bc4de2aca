/**
 * What a reader of events yields.
 * @module
 */

/** One value of the input: parsed, or what is wrong with it. */
export type Item =
  | { readonly line: number; readonly value: unknown }
  | { readonly line: number; readonly problem: string }

/** Text of one event in the input; longer is a mistake (a binary file, a missing line end) and would only fill memory. */
export const maxItemLength = 64 * 1024 * 1024

/** Parses the text of one item. */
export function parsed(text: string, line: number): Item {
  try {
    return { line, value: JSON.parse(text) as unknown }
  } catch (error) {
    return { line, problem: `not JSON: ${(error as Error).message}` }
  }
}
