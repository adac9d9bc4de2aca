/**
 * A real Postgres server in a directory of its own, for tests that need more than one connection.
 * @module
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Pool } from 'pg'

const run = promisify(execFile)
const root = '/usr/lib/postgresql'

/** Where the server's programs are; undefined when there is none on this machine. */
async function programs(): Promise<string | undefined> {
  const versions = await readdir(root).catch(() => [])
  const newest = versions.sort((a, b) => Number(a) - Number(b)).at(-1)
  return newest && join(root, newest, 'bin')
}

/** Why no server can be started here; undefined when one can. */
export async function missingPostgres(): Promise<string | undefined> {
  return (await programs()) ? undefined : `there is no Postgres server under ${root}`
}

export interface PostgresServer {
  pool(size: number): Pool
  stop(): Promise<void>
}

export async function startPostgres(): Promise<PostgresServer> {
  const directory = await mkdtemp(join(tmpdir(), 'veltrix-pg-'))
  // The server refuses to run as root: then it runs as the user its package made.
  const owner = process.getuid?.() === 0 ? await idsOf('postgres') : undefined
  if (owner) await chown(directory, owner.uid, owner.gid)
  const bin = (await programs())!
  const files = join(directory, 'files')
  const options = { cwd: directory, ...owner }
  await run(join(bin, 'initdb'), ['-D', files, '-U', 'test', '-A', 'trust', '-N', '--no-locale', '-E', 'UTF8'], options)
  const settings = { listen_addresses: '', unix_socket_directories: directory, max_connections: '40' }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = spawn(join(bin, 'postgres'), ['-D', files, ...flags], {
    ...options,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await ready(server)
  const pools: Pool[] = []
  return {
    pool(size) {
      const pool = new Pool({ host: directory, user: 'test', database: 'postgres', max: size })
      pools.push(pool)
      return pool
    },
    async stop() {
      await Promise.all(pools.map((pool) => pool.end()))
      const ended = new Promise((resolve) => server.once('exit', resolve))
      // "Smart": it waits for connections that are just being closed.
      server.kill('SIGTERM')
      await ended
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function idsOf(user: string): Promise<{ uid: number; gid: number }> {
  const [uid, gid] = await Promise.all(['-u', '-g'].map(async (flag) => Number((await run('id', [flag, user])).stdout)))
  return { uid: uid!, gid: gid! }
}

function ready(server: ChildProcess): Promise<void> {
  let said = ''
  return new Promise((resolve, reject) => {
    server.once('exit', (code) => reject(new Error(`postgres ended with ${code}: ${said}`)))
    server.stderr!.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (said.includes('ready to accept connections')) resolve()
    })
  })
}
