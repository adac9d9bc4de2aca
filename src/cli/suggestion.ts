/**
 * "Did you mean …": the nearest of the names that exist.
 * @module
 */
import { nearestName } from '../event/index.ts'

/** The candidate meant by `word`: the only one that begins with it, or the nearest within a few letters. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const all = [...candidates]
  const beginning = word.length > 1 ? all.filter((candidate) => candidate.startsWith(word)) : []
  return beginning.length === 1 ? beginning[0] : nearestName(word, all)
}

/** ` Did you mean x?`, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>, shown = (name: string): string => name): string {
  const found = nearest(word, candidates)
  return found === undefined ? '' : ` Did you mean ${shown(found)}?`
}
