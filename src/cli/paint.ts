/**
 * Colour, or none, behind one set of names that say what the text is.
 * @module
 */

export interface Paint {
  readonly strong: (text: string) => string
  readonly faint: (text: string) => string
  readonly good: (text: string) => string
  readonly warn: (text: string) => string
  readonly bad: (text: string) => string
  readonly name: (text: string) => string
}

const codes = {
  strong: [1, 22],
  faint: [2, 22],
  good: [32, 39],
  warn: [33, 39],
  bad: [31, 39],
  name: [36, 39],
} as const

/** The painter for a screen that shows colour, or for one that does not. */
export function paintFor(colour: boolean): Paint {
  const of = ([on, off]: readonly [number, number]): ((text: string) => string) =>
    colour ? (text) => `\u001B[${on}m${text}\u001B[${off}m` : (text) => text
  return {
    strong: of(codes.strong),
    faint: of(codes.faint),
    good: of(codes.good),
    warn: of(codes.warn),
    bad: of(codes.bad),
    name: of(codes.name),
  }
}
