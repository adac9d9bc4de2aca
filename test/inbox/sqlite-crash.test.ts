/**
 * kill -9 at any moment of an effect in SQLite: effect and row are both there, or neither.
 * @module
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'

const child = join(import.meta.dirname, 'effects-child.ts')

/** Starts the child and kills it once it has said `lines` lines; resolves to the last id it reported as applied. */
function killAfter(path: string, mode: string, lines: number, round: number): Promise<string | undefined> {
  const effects = spawn(process.execPath, ['--no-warnings', child, path, mode, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let heard = 0
  let text = ''
  let last: string | undefined
  effects.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    const whole = text.split('\n')
    text = whole.pop()!
    for (const line of whole) {
      if (line.startsWith('applied ')) last = line.slice(8)
      if (++heard === lines) effects.kill('SIGKILL')
    }
  })
  return new Promise((resolve) => effects.on('close', () => resolve(last)))
}

test('keeps effect and row together over 20 kills, also between effect and commit', { timeout: 60_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'veltrix-kill-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const path = join(directory, 'shop.db')
  const setup = new DatabaseSync(path)
  setup.exec('pragma journal_mode = wal; create table if not exists charges (id text)')
  setup.close()
  for (let kill = 0; kill < 20; kill++) {
    // `inside`: the child says so after its effect ran and before the commit, and waits there.
    const mode = kill % 2 === 0 ? 'inside' : 'racing'
    const lastApplied = await killAfter(path, mode, mode === 'inside' ? 3 : 5 + kill, kill)
    const database = new DatabaseSync(path, { timeout: 5000 })
    const ids = (sql: string): string[] =>
      database
        .prepare(sql)
        .all()
        .map((row) => row['id'] as string)
    const charges = ids('select id from charges order by id')
    expect(charges).toEqual(ids('select id from veltrix_inbox order by id'))
    expect(new Set(charges).size).toBe(charges.length)
    if (lastApplied !== undefined) expect(charges).toContain(lastApplied)
    if (mode === 'inside') expect(charges.filter((id) => id.startsWith(`${kill}.`))).toEqual([`${kill}.0`, `${kill}.1`])
    expect(database.prepare('pragma integrity_check').get()).toEqual({ integrity_check: 'ok' })
    database.close()
  }
})
