/**
 * What a page in Prometheus' text form has in it.
 * @module
 */

/** Names with their types, in the order of the page. */
export function namesIn(text: string): Map<string, string> {
  return new Map([...text.matchAll(/^# TYPE (\S+) (\w+)$/gm)].map((match) => [match[1]!, match[2]!]))
}

/** Names of series as queries see them (`…_bucket`, `…_sum`, `…_count`), each with its labels. */
export function seriesIn(text: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  for (const [, name, list = ''] of text.matchAll(/^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$/gm)) {
    const names = found.get(name!) ?? new Set()
    for (const [, label] of list.matchAll(/(\w+)="/g)) names.add(label!)
    found.set(name!, names)
  }
  return found
}
