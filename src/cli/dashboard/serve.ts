/**
 * A dashboard until a signal.
 * @module
 */
import { createDashboard, type DashboardOptions } from '../../dashboard/index.ts'
import type { LoadedApp } from '../app-module.ts'
import { Interrupts } from '../dev/interrupts.ts'
import type { Output } from '../output.ts'
import type { Shell } from '../shell.ts'

export async function serve(
  { app, config }: LoadedApp,
  options: DashboardOptions,
  shell: Shell,
  out: Output,
): Promise<void> {
  const dashboard = createDashboard(app, {
    ...options,
    clock: shell.clock,
    onFailure: (error) => out.note(`The dashboard failed at a request: ${String(error)}`),
    onAct: ({ at, by, act, to, reason }) =>
      out.note(`${new Date(at).toISOString()} ${by}: ${act} ${to}${reason === undefined ? '' : ` (${reason})`}`),
  })
  const interrupts = new Interrupts(shell)
  try {
    const listening = await dashboard.start()
    if (out.json) await out.result({ listening })
    else await out.lines(`${config.app} is shown on ${listening} (Ctrl-C ends it)`)
    await new Promise<void>((resolve) => {
      if (interrupts.signal.aborted) resolve()
      else interrupts.signal.addEventListener('abort', () => resolve(), { once: true })
    })
  } finally {
    await dashboard.close()
    interrupts.close()
  }
}
