/**
 * A real HAProxy with the configuration that `veltrix haproxy` makes.
 * @module
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { veltrix } from '../cli/fake-shell.ts'

const run = promisify(execFile)

/** Debian keeps it where the PATH of a user may not look. */
const binary = existsSync('/usr/sbin/haproxy') ? '/usr/sbin/haproxy' : 'haproxy'

/** Why there can be none here; undefined when there can. */
export async function missingHaproxy(): Promise<string | undefined> {
  const said = await run(binary, ['-v']).catch(() => undefined)
  if (said === undefined) return 'haproxy is not on the PATH'
  const [, version = '?'] = /version (\d+\.\d+)/.exec(said.stdout) ?? []
  return Number(version) >= 2.6 ? undefined : `haproxy is ${version}, older than 2.6`
}

/** What HAProxy says about a configuration: nothing when it takes it without a warning. */
export async function complaintsAbout(file: string): Promise<string> {
  try {
    const { stdout, stderr } = await run(binary, ['-c', '-f', file])
    return (stdout + stderr).replace('Configuration file is valid\n', '')
  } catch (error) {
    return String((error as { readonly stderr?: string }).stderr ?? error)
  }
}

/** Free ports out of the range from which systems give ports to clients: one stays free while nobody listens for a while. */
export async function quietPorts(count: number): Promise<readonly number[]> {
  const held: Server[] = []
  while (held.length < count) {
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(20_000 + Math.floor(Math.random() * 10_000), '127.0.0.1', () => resolve(true))
    })
    if (isFree) held.push(server)
  }
  const ports = held.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

export class Haproxy {
  readonly port: number
  readonly #directory: string
  readonly #process: ChildProcess
  #said = ''

  private constructor(directory: string, port: number) {
    this.#directory = directory
    this.port = port
    this.#process = spawn(binary, ['-f', join(directory, 'haproxy.cfg')], { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.#process.stdout!, this.#process.stderr!])
      stream.on('data', (chunk: Buffer) => (this.#said += chunk.toString()))
  }

  /** Starts one, on a free port. @param flags of `veltrix haproxy`, without where to listen */
  static async start(flags: readonly string[], host = '127.0.0.1'): Promise<Haproxy> {
    const directory = await mkdtemp(join(tmpdir(), 'vlx-haproxy-'))
    const [port] = (await quietPorts(1)) as [number]
    const limits = ['--max-connections', '500', '--socket', join(directory, 'admin.sock')]
    const { code, out, err } = await veltrix(['haproxy', '--listen', `${host}:${port}`, ...limits, ...flags])
    if (code !== 0) throw new Error(err)
    await writeFile(join(directory, 'haproxy.cfg'), out)
    const haproxy = new Haproxy(directory, port)
    await haproxy.#says(/Loading success/)
    return haproxy
  }

  /** What it said, for people to read when a test fails. */
  get said(): string {
    return this.#said
  }

  /** States of the gateways by name: `UP`, `DOWN`, `NOLB`; on the way, `UP 1/2`. */
  async states(): Promise<Readonly<Record<string, string>>> {
    const lines = (await this.#ask('show stat')).trim().split('\n')
    const columns = lines[0]!.replace('# ', '').split(',')
    const [name, group, status] = ['svname', 'pxname', 'status'].map((column) => columns.indexOf(column))
    const rows = lines.map((line) => line.split(','))
    return Object.fromEntries(
      rows
        .filter((row) => row[group!] === 'gateways' && row[name!] !== 'BACKEND')
        .map((row) => [row[name!]!, row[status!]!]),
    )
  }

  /** Until it sees a gateway in this state. */
  async sees(gateway: string, state: string): Promise<void> {
    await expect.poll(async () => (await this.states())[gateway], { timeout: 60_000, interval: 50 }).toBe(state)
  }

  /** Resolves when a new working process has taken over. */
  async reload(): Promise<void> {
    const before = await this.#pid()
    this.#process.kill('SIGUSR2')
    const isNew = async (): Promise<boolean> => !['none', before].includes(await this.#pid())
    await expect.poll(isNew, { timeout: 60_000, interval: 50 }).toBe(true)
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, 'exit')
    if (this.#process.exitCode === null && this.#process.kill('SIGTERM')) await ended
    await rm(this.#directory, { recursive: true, force: true })
  }

  /** Of the working process. */
  async #pid(): Promise<string> {
    return /^Pid: (\d+)$/m.exec(await this.#ask('show info').catch(() => ''))?.[1] ?? 'none'
  }

  /** @see section 9.3 of its management guide */
  async #ask(command: string): Promise<string> {
    const socket = connect(join(this.#directory, 'admin.sock'))
    socket.end(`${command}\n`)
    let answer = ''
    for await (const chunk of socket) answer += String(chunk)
    return answer
  }

  async #says(pattern: RegExp): Promise<void> {
    const ended = once(this.#process, 'exit').then(() => {
      throw new Error(`HAProxy ended: ${this.#said}`)
    })
    const said = async (): Promise<void> => expect.poll(() => this.#said, { timeout: 60_000 }).toMatch(pattern)
    await Promise.race([ended, said()])
    ended.catch(() => {})
  }
}
