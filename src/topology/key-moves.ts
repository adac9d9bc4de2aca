/**
 * What raising the number of partitions does to keys.
 * @module
 */

/**
 * Share of keys that `partitionForKey` puts elsewhere when a topic has `after` instead of `before` partitions, 0 to 1. Exact for hashes
 * that are spread evenly: a key stays when its hash leaves the same rest for both numbers, which of every
 * lcm(before, after) hashes the first min(before, after) do.
 */
export function movingShare(before: number, after: number): number {
  return 1 - Math.min(before, after) / ((before / gcd(before, after)) * after)
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b)
}
