/**
 * `cluster up` in the foreground: this process keeps the brokers, and tells what happens to them.
 * @module
 */
import { sleep } from '../../clock.ts'
import {
  ClusterControl,
  removeCluster,
  startCluster,
  type Cluster,
  type ClusterKind,
  type ClusterStatus,
} from '../../cluster/index.ts'
import { shown } from '../app-module.ts'
import { Interrupts } from '../dev/interrupts.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Output } from '../output.ts'
import type { Shell } from '../shell.ts'
import { statusLines } from './lines.ts'

export interface UpOptions {
  readonly directory: string
  readonly brokers: number | undefined
  readonly port: number | undefined
  readonly kind: ClusterKind | undefined
  readonly docker: boolean | undefined
  readonly fresh: boolean
}

const watchEveryMs = 500

/** Until a signal, or until somebody asks for the cluster's end. Resolves to the exit code. */
export async function up(options: UpOptions, shell: Shell, out: Output): Promise<number> {
  const tell = (text: string): void => say(text, shell, out)
  const control = await ClusterControl.open(options.directory, { note: tell })
  const interrupts = new Interrupts(shell)
  const ended = AbortSignal.any([interrupts.signal, control.down, out.gone])
  let cluster: Cluster | undefined
  try {
    if (options.fresh) await removeCluster(options.directory, shell.env)
    const { clock, env } = shell
    const { fresh: _, ...wanted } = options
    cluster = await startCluster({ ...wanted, clock, env, signal: ended, note: tell })
    control.serve(cluster)
    await greet(cluster, shell, out)
    await watch(cluster, control, ended, shell, out)
  } catch (error) {
    if (!ended.aborted) throw error
  } finally {
    if (cluster !== undefined) tell('ending the brokers (again: at once)')
    await cluster?.stop({ graceful: true })
    await control.close()
    interrupts.close()
  }
  if (out.json) await out.result({ event: 'down' })
  else await out.lines(`The brokers have ended. Their data is in ${shown(options.directory, shell.cwd)}.`)
  return exitCodes.ok
}

/** With `--json` a line `{"event":"note","text"}`; for people a line with the time. */
function say(text: string, shell: Shell, out: Output): void {
  if (out.json) return out.raw(`${JSON.stringify({ event: 'note', text })}\n`)
  out.raw(`${out.paint.faint(timeOf(shell))} ${text}\n`)
}

/** `14:02:11`, as the machine's own clock on the wall says it. */
function timeOf({ clock }: Shell): string {
  return new Date(clock.now()).toTimeString().slice(0, 8)
}

async function greet(cluster: Cluster, shell: Shell, out: Output): Promise<void> {
  const status = { keeper: process.pid, phase: 'up' as const, ...(await cluster.status()) }
  if (out.json) return await out.result({ event: 'up', ...status })
  const place = shown(status.directory, shell.cwd)
  const next: [string, string][] = [
    ['veltrix dev --kafka', 'runs the app of this directory on it'],
    ['veltrix cluster kill 2', 'and restart, pause, resume: what may happen to a broker'],
    ['veltrix cluster down', 'ends it, as Ctrl-C does here'],
  ]
  await out.lines(
    '',
    ...statusLines(status, out),
    '',
    `Its data is in ${place}. In another terminal:`,
    ...next.map(([line, what]) => `  ${out.paint.name(line.padEnd(24))}${what}`),
    '',
  )
}

/** Tells every change of a broker and of the controller until `ended`. */
async function watch(
  cluster: Cluster,
  control: ClusterControl,
  ended: AbortSignal,
  shell: Shell,
  out: Output,
): Promise<void> {
  let before = await cluster.status()
  while (!ended.aborted) {
    await sleep(shell.clock, watchEveryMs, ended).catch(() => undefined)
    if (ended.aborted) return
    const now = await cluster.status()
    for (const text of await changes(before, now, cluster, control)) say(text, shell, out)
    if (out.json && JSON.stringify(now) !== JSON.stringify(before)) await out.result({ event: 'status', ...now })
    before = now
  }
}

async function changes(
  before: ClusterStatus,
  now: ClusterStatus,
  cluster: Cluster,
  control: ClusterControl,
): Promise<string[]> {
  const texts: string[] = []
  for (const [index, { id, state, pid }] of now.brokers.entries()) {
    const old = before.brokers[index]!
    if (state === old.state && pid === old.pid) continue
    texts.push(`broker ${id} ${stateWords[state]}${state === 'running' && pid !== null ? ` (process ${pid})` : ''}`)
    if (state !== 'ended' || control.wasKilled(id)) continue
    texts.push(...(await cluster.lastLines(id, 3)).map((line) => `  ${line}`))
  }
  if (now.controller !== before.controller && now.controller !== null) {
    texts.push(`broker ${now.controller} is the controller`)
  }
  return texts
}

const stateWords = { running: 'runs', paused: 'is stopped', ended: 'has ended' } as const
