/**
 * Runs effects on a SQLite file until it is killed: started by `sqlite-crash.test.ts`.
 * @module
 */
import { writeSync } from 'node:fs'
import { sqliteInbox } from '../../src/inbox/index.ts'

const [path, mode, round] = process.argv.slice(2) as [string, 'inside' | 'racing', string]
const say = (line: string): void => void writeSync(1, `${line}\n`)
const inbox = sqliteInbox({ path })

async function charge(id: string, hang = false): Promise<void> {
  const entry = { subscription: 's', source: '/x', id, effect: '', windowMs: Infinity, now: 0 }
  await inbox.once(entry, (tx) => {
    tx.prepare('insert into charges values (?)').run(id)
    if (!hang) return
    say('inside')
    // Stays between effect and commit until it is killed.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })
  say(`applied ${id}`)
}

if (mode === 'inside') {
  await charge(`${round}.0`)
  await charge(`${round}.1`)
  await charge(`${round}.2`, true)
}
// Four at once share a transaction.
for (let n = 0; ; n++) await Promise.all([0, 1, 2, 3].map((part) => charge(`${round}.${n}.${part}`)))
