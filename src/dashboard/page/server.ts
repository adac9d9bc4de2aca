/**
 * Requests to the server, and its problems as errors that say what to do.
 * @module
 */
import { sessionEnded } from './session.ts'

/** What went wrong, in the server's words. */
export class RequestFailed extends Error {
  /** 0: no answer. */
  readonly status: number

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'RequestFailed'
    this.status = status
  }
}

export type Query = Readonly<Record<string, string | number | readonly string[] | null | undefined>>

/** `/api/…` with what is known of the query. */
export function address(path: string, query: Query = {}): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === '') continue
    for (const each of Array.isArray(value) ? (value as readonly string[]) : [value]) params.append(name, String(each))
  }
  const text = params.toString()
  return `/api/${path}${text === '' ? '' : `?${text}`}`
}

export async function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return (await ask(address(path, query), signal ? { signal } : {})) as T
}

export async function post<T>(path: string, body: unknown = {}): Promise<T> {
  const headers = { 'content-type': 'application/json', 'x-veltrix-dashboard': '1' }
  return (await ask(address(path), { method: 'POST', headers, body: JSON.stringify(body) })) as T
}

async function ask(url: string, init: RequestInit): Promise<unknown> {
  let response: Response
  try {
    response = await fetch(url, { ...init, cache: 'no-store' })
  } catch (error) {
    if (init.signal?.aborted) throw error
    throw new RequestFailed(0, 'The server does not answer. Is it still running?', { cause: error })
  }
  if (!response.ok) throw await problemOf(response)
  return response.status === 204 ? null : response.json()
}

interface Problem {
  readonly title?: string
  readonly detail?: string
  /** What is wrong with an event, by field. */
  readonly issues?: readonly { readonly path?: string; readonly message?: string }[]
}

/** RFC 9457, or whatever came instead. */
export async function problemOf(response: Response): Promise<RequestFailed> {
  if (response.status === 401) sessionEnded()
  const text = await response.text().catch(() => '')
  try {
    const problem = JSON.parse(text) as Problem
    const fields = problem.issues?.flatMap(({ path, message }) => (path ? `${path}: ${message}` : []))
    const said = [problem.detail ?? problem.title, ...(fields ?? [])].filter(Boolean).join(' · ')
    if (said) return new RequestFailed(response.status, said)
  } catch {
    // Not JSON: the status alone must do.
  }
  return new RequestFailed(response.status, `The server answered ${response.status} ${response.statusText}`.trim())
}

export function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
