/**
 * A gateway until a signal.
 * @module
 */
import { sleep } from '../../clock.ts'
import { createGateway, type Gateway, type LoadOptions } from '../../gateway/index.ts'
import type { LoadedApp } from '../app-module.ts'
import { aborted, Interrupts } from '../dev/interrupts.ts'
import type { Output } from '../output.ts'
import type { Shell } from '../shell.ts'
import { accessIn } from './access-file.ts'

export interface ServeOptions {
  readonly host: string
  readonly port: number
  /** Where it is written who may do what. */
  readonly access: string | undefined
  /** For how long repeats are recognised where the log does not. */
  readonly idWindowMs: number
  readonly limits: LoadOptions
  /** Between /readyz answering 503 and the end of taking connections. */
  readonly drainDelayMs: number
}

export async function serve(
  { app, config }: LoadedApp,
  { host, port, access, idWindowMs, limits, drainDelayMs }: ServeOptions,
  shell: Shell,
  out: Output,
): Promise<void> {
  const onFailure = (error: unknown): void => out.note(`The gateway failed at a request: ${String(error)}`)
  const gateway = createGateway(app, {
    host,
    port,
    idWindowMs,
    onFailure,
    ...limits,
    ...(access === undefined ? {} : { access: await accessIn(access, shell) }),
  })
  const interrupts = new Interrupts(shell)
  const unwatch = shell.onReload(reloading(gateway, access, shell, out))
  try {
    const listening = await gateway.start()
    if (out.json) await out.result({ listening })
    else await out.lines(`${config.app} takes events on ${listening}/events (Ctrl-C ends it)`)
    await aborted(interrupts.signal)
    gateway.unready()
    if (drainDelayMs > 0) await sleep(shell.clock, drainDelayMs)
  } finally {
    await gateway.close()
    unwatch()
    interrupts.close()
  }
}

/** Reads again who may do what, one time after the other. A file that is wrong changes nothing. */
function reloading(gateway: Gateway, access: string | undefined, shell: Shell, out: Output): () => void {
  let times = 0
  let last = Promise.resolve()
  const reload = async (): Promise<void> => {
    if (access === undefined) return out.note('SIGHUP: there is no --access file to read again.')
    try {
      gateway.renewAccess(await accessIn(access, shell, ++times))
      out.note(`SIGHUP: ${access} counts from now on.`)
    } catch (error) {
      out.note(`SIGHUP: who may do what stays as it was. ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return () => void (last = last.then(reload))
}
