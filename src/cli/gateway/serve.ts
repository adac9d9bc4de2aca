/**
 * A gateway until a signal.
 * @module
 */
import { sleep } from '../../clock.ts'
import { createGateway, type AccessOptions } from '../../gateway/index.ts'
import type { LoadedApp } from '../app-module.ts'
import { Interrupts } from '../dev/interrupts.ts'
import type { Output } from '../output.ts'
import type { Shell } from '../shell.ts'

export interface ServeOptions {
  readonly host: string
  readonly port: number
  readonly access: AccessOptions | undefined
  /** For how long repeats are recognised where the log does not. */
  readonly idWindowMs: number
  /** Between /readyz answering 503 and the end of taking connections. */
  readonly drainDelayMs: number
}

export async function serve(
  { app, config }: LoadedApp,
  { host, port, access, idWindowMs, drainDelayMs }: ServeOptions,
  shell: Shell,
  out: Output,
): Promise<void> {
  const onFailure = (error: unknown): void => out.note(`The gateway failed at a request: ${String(error)}`)
  const gateway = createGateway(app, { host, port, idWindowMs, onFailure, ...(access === undefined ? {} : { access }) })
  const interrupts = new Interrupts(shell)
  try {
    const listening = await gateway.start()
    if (out.json) await out.result({ listening })
    else await out.lines(`${config.app} takes events on ${listening}/events (Ctrl-C ends it)`)
    await new Promise<void>((resolve) => {
      if (interrupts.signal.aborted) resolve()
      else interrupts.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    gateway.unready()
    if (drainDelayMs > 0) await sleep(shell.clock, drainDelayMs)
  } finally {
    await gateway.close()
    interrupts.close()
  }
}
