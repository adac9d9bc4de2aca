/**
 * Server-sent events over `fetch`, which, unlike `EventSource`, says why a stream was refused. A lost connection is tried again, later
 * each time, without anybody doing anything.
 * @module
 */
import { later } from './clock.ts'
import { problemOf, said, type RequestFailed } from './server.ts'

export interface Link {
  /** `refused`: asking again would not help. */
  readonly state: 'connecting' | 'open' | 'lost' | 'refused'
  readonly problem: string | null
  /** Times it was tried since it was lost. */
  readonly tries: number
}

export interface StreamListener {
  event(name: string, data: unknown): void
  link(link: Link): void
}

export interface StreamOptions {
  /** Silence longer than this is a lost connection. Default: never. */
  readonly silenceMs?: number
}

const firstRetryMs = 500
const lastRetryMs = 10_000
/** A page nobody sees lets its connection go: browsers have six for a server. */
const hiddenMs = 30_000

/** Follows `url` until the returned function is called. */
export function follow(url: string, listener: StreamListener, options: StreamOptions = {}): () => void {
  let ended = false
  let tries = 0
  let connection: AbortController | null = null
  let callOff = (): void => {}

  const connect = async (): Promise<void> => {
    const controller = (connection = new AbortController())
    if (tries === 0) listener.link({ state: 'connecting', problem: null, tries })
    let problem: string
    try {
      await read(url, controller, options.silenceMs, {
        opened() {
          tries = 0
          listener.link({ state: 'open', problem: null, tries })
        },
        event: listener.event,
      })
      problem = 'The server ended the connection.'
    } catch (error) {
      const status = (error as RequestFailed).status
      if (connection === controller && status >= 400 && status < 500 && status !== 429) {
        connection = null
        return listener.link({ state: 'refused', problem: said(error), tries })
      }
      problem = said(error)
    }
    // Another connection has taken over, or none is wanted.
    if (ended || connection !== controller) return
    connection = null
    tries++
    listener.link({ state: 'lost', problem, tries })
    const wait = Math.min(lastRetryMs, firstRetryMs * 2 ** (tries - 1))
    callOff = later(wait * (0.75 + Math.random() / 2), () => void connect())
  }
  const again = (): void => {
    callOff()
    connection?.abort()
    void connect()
  }
  const letGo = (): void => {
    callOff()
    connection?.abort()
    connection = null
  }
  const seen = (): void => {
    callOff()
    if (document.hidden) callOff = later(hiddenMs, letGo)
    else if (connection === null) again()
  }
  document.addEventListener('visibilitychange', seen)
  addEventListener('online', again)
  void connect()
  return () => {
    ended = true
    document.removeEventListener('visibilitychange', seen)
    removeEventListener('online', again)
    letGo()
  }
}

interface Reading {
  opened(): void
  event(name: string, data: unknown): void
}

async function read(
  url: string,
  controller: AbortController,
  silenceMs: number | undefined,
  on: Reading,
): Promise<void> {
  const response = await fetch(url, {
    headers: { accept: 'text/event-stream' },
    signal: controller.signal,
    cache: 'no-store',
  })
  if (!response.ok) throw await problemOf(response)
  on.opened()
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  const parse = parser(on.event)
  let hush = (): void => {}
  try {
    for (;;) {
      if (silenceMs !== undefined) hush = later(silenceMs, () => controller.abort(new Error('The server fell silent.')))
      const { done, value } = await reader.read()
      hush()
      if (done) return
      parse(value)
    }
  } finally {
    hush()
    // What the server still sends is for nobody.
    reader.cancel().catch(() => {})
  }
}

/** Takes text as it comes, calls for every whole event. */
export function parser(event: (name: string, data: unknown) => void): (text: string) => void {
  let rest = ''
  return (text) => {
    rest += text
    for (let end = rest.indexOf('\n\n'); end !== -1; end = rest.indexOf('\n\n')) {
      const block = rest.slice(0, end)
      rest = rest.slice(end + 2)
      let name = 'message'
      const data: string[] = []
      for (const line of block.split('\n')) {
        if (line.startsWith('event:')) name = line.slice(6).trim()
        else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''))
      }
      if (data.length > 0) event(name, JSON.parse(data.join('\n')))
    }
  }
}
