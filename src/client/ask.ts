/**
 * One request with a batch of events, and what it says of each. Whatever comes back is read without trust.
 * @module
 */
import type { Clock } from '../clock.ts'

/** Headers, or what makes them anew for every request. */
export type ClientHeaders =
  | Readonly<Record<string, string>>
  | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>)

export interface AskOptions {
  readonly url: string
  readonly headers: ClientHeaders
  readonly requestTimeoutMs: number
  readonly fetch: typeof fetch
  readonly clock: Clock
}

export interface Fate {
  /** HTTP status; 0 when there was no answer, or none of this event. */
  readonly status: number
  readonly problem: { readonly type?: string; readonly detail?: string }
  readonly replayed: boolean
}

export interface Answer {
  of(index: number): Fate
  /** The batch was, and has several events: each may be taken alone. */
  readonly isTooLarge: boolean
  /** 0 when nothing was asked for. */
  readonly retryAfterMs: number
  /** Why there was no answer. */
  readonly failure?: unknown
}

const longestPauseMs = 60_000

export async function ask(options: AskOptions, batch: readonly { readonly json: string }[]): Promise<Answer> {
  const { url, headers, requestTimeoutMs, clock } = options
  const abort = new AbortController()
  const timer = clock.setTimer(requestTimeoutMs, () =>
    abort.abort(new Error(`no answer within ${requestTimeoutMs} ms`)),
  )
  try {
    const given = typeof headers === 'function' ? await headers() : headers
    const response = await options.fetch(`${url.replace(/\/+$/, '')}/events`, {
      method: 'POST',
      headers: { ...given, 'content-type': 'application/cloudevents-batch+json' },
      body: `[${batch.map(({ json }) => json).join(',')}]`,
      signal: abort.signal,
    })
    return answerOf(response, (await response.json().catch(() => undefined)) as unknown, batch.length)
  } catch (failure) {
    const detail = failure instanceof Error ? failure.message : String(failure)
    const fate: Fate = { status: 0, problem: { detail }, replayed: false }
    return { of: () => fate, isTooLarge: false, retryAfterMs: 0, failure }
  } finally {
    timer.cancel()
  }
}

function answerOf({ status, headers }: Response, body: unknown, count: number): Answer {
  const seconds = Number(headers.get('retry-after') ?? 0)
  const retryAfterMs = seconds > 0 ? Math.min(seconds * 1_000, longestPauseMs) : 0
  const whole = objectOf(body)
  const results = whole['results']
  if (status !== 202 && status !== 207) {
    const fate: Fate = { status, problem: problemIn(whole), replayed: false }
    return { of: () => fate, isTooLarge: status === 413 && count > 1, retryAfterMs }
  }
  const of = (index: number): Fate => {
    // Something between that answers 202 by itself has stored nothing.
    const result = objectOf(Array.isArray(results) ? results[index] : undefined)
    const each = typeof result['status'] === 'number' ? result['status'] : 0
    const missing = { detail: 'the answer says nothing of this event; is it a gateway?' }
    const problem = each === 0 ? missing : problemIn(objectOf(result['problem']))
    return { status: each, problem, replayed: result['replayed'] === true }
  }
  return { of, isTooLarge: false, retryAfterMs }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function problemIn({ type, detail, title }: Readonly<Record<string, unknown>>): Fate['problem'] {
  const said = typeof detail === 'string' ? detail : title
  return {
    ...(typeof type === 'string' ? { type } : {}),
    ...(typeof said === 'string' ? { detail: said } : {}),
  }
}
