/**
 * Where we are: `#/screen/more?stream=…`. All of it is in the address, so that any view can be sent to somebody. Stream, lane and
 * subscription narrow every screen and go along from one to the next.
 * @module
 */
import { Cell, useCell } from './cell.ts'

export interface Route {
  /** Never empty. */
  readonly path: readonly string[]
  readonly query: URLSearchParams
}

export interface Narrowing {
  readonly stream: string | null
  readonly lane: string | null
  readonly subscription: string | null
}

const narrowed = ['stream', 'lane', 'subscription'] as const

export const route = new Cell<Route>(parseRoute(location.hash))
addEventListener('hashchange', () => {
  route.value = parseRoute(location.hash)
})

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s)
  const parts = path.split('/').filter((part) => part !== '')
  return { path: parts.length === 0 ? ['overview'] : parts.map(decoded), query: new URLSearchParams(query) }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

export function useRoute(): Route {
  return useCell(route)
}

export function useNarrowing(): Narrowing {
  return narrowingOf(useRoute())
}

export function narrowingOf({ query }: Route): Narrowing {
  return { stream: query.get('stream'), lane: query.get('lane'), subscription: query.get('subscription') }
}

type Params = Readonly<Record<string, string | readonly string[] | null | undefined>>

/** The address of a screen. What narrows now goes along, unless `params` says otherwise (null: no longer). */
export function href(path: readonly (string | number)[], params: Params = {}): string {
  const query = new URLSearchParams()
  for (const name of narrowed) {
    const value = route.value.query.get(name)
    if (value !== null && !(name in params)) query.set(name, value)
  }
  for (const [name, value] of Object.entries(params)) {
    if (value === null || value === undefined || value === '') continue
    for (const each of typeof value === 'string' ? [value] : value) query.append(name, each)
  }
  const text = query.toString()
  return `#/${path.map((part) => encodeURIComponent(part)).join('/')}${text === '' ? '' : `?${text}`}`
}

/** The same screen with another query: `null` takes a parameter away. */
export function hrefHere(change: Params): string {
  const { path, query } = route.value
  const params: Record<string, string | readonly string[] | null | undefined> = {}
  for (const name of query.keys()) params[name] = query.getAll(name)
  return href(path, { ...params, ...change })
}

export function go(to: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') location.hash = to
  else {
    history.replaceState(null, '', to)
    route.value = parseRoute(location.hash)
  }
}
