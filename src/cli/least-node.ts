/**
 * The oldest Node this package runs on, as `engines` in package.json says. Read also by older ones: keep it plain.
 * @module
 */
export const leastNode = 24
