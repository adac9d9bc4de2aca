/**
 * Several processes on one directory: one owns it, the others are served through it, and take over when it dies.
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { readAll, record, rejects, stored, text, values } from '../../conformance/harness.ts'
import { Member } from '../../conformance/member.ts'
import { freshDirectory, openLog } from './directory.ts'

const program = fileURLToPath(new URL('process-child.ts', import.meta.url))

/** A child and the lines it has said; waiting is for lines, never for time. */
class Child {
  readonly process: ChildProcess
  readonly lines: string[] = []
  #heard = Promise.withResolvers<void>()

  constructor(directory: string, journal: string, name: string) {
    this.process = spawn(process.execPath, [program, directory, journal, name], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void this.process.kill('SIGKILL'))
    createInterface(this.process.stdout!).on('line', (line) => {
      this.lines.push(line)
      this.#heard.resolve()
      this.#heard = Promise.withResolvers()
    })
  }

  /** Until it has said `count` more lines that begin with `kind`. */
  async says(kind: string, count = 1): Promise<void> {
    const from = this.lines.length
    while (this.lines.slice(from).filter((line) => line.startsWith(kind)).length < count) await this.#heard.promise
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    const exit = once(this.process, 'exit')
    this.process.kill(signal)
    return (await exit)[0] as number | null
  }
}

/** Everything acknowledged is there; what was handled covers everything without a gap. */
async function check(directory: string, journal: string): Promise<void> {
  const log = await openLog(directory)
  const lines = readFileSync(journal, 'utf8').split('\n').slice(0, -1)
  const values = new Map<number, (string | null)[]>()
  for (let partition = 0; partition < 4; partition++) {
    values.set(
      partition,
      (await readAll(log, 'shared', partition)).map((entry) => text(entry.value)),
    )
    expect(new Set(values.get(partition)).size).toBe(values.get(partition)!.length)
  }
  const reached = new Map<number, number>()
  for (const line of lines) {
    const [kind, partition, first, second] = line.split(' ') as [string, string, string, string]
    if (kind === 'a') expect(values.get(Number(partition))![Number(first)]).toBe(second)
    if (kind !== 'h') continue
    expect(Number(first), `nothing is skipped: ${line}`).toBeLessThanOrEqual(reached.get(Number(partition)) ?? 0)
    reached.set(Number(partition), Math.max(reached.get(Number(partition)) ?? 0, Number(second)))
  }
  await log.close()
}

test(
  'three processes share a directory; the owner is killed again and again, and the others go on',
  { timeout: 90_000 },
  async () => {
    const directory = freshDirectory()
    const journal = join(freshDirectory(), 'journal')
    const owner = new Child(directory, journal, 'p0')
    await owner.says('h')
    const children = [owner, new Child(directory, journal, 'p1'), new Child(directory, journal, 'p2')]
    await Promise.all(children.slice(1).map((child) => child.says('h')))
    for (let round = 0; round < 3; round++) {
      // Who owns the directory is whoever was there first, or anybody after a take-over: kill them in turn.
      await children.shift()!.end('SIGKILL')
      await Promise.all(children.flatMap((child) => [child.says('a', 20), child.says('h', 2)]))
      children.push(new Child(directory, journal, `p${round + 3}`))
      await children.at(-1)!.says('h')
    }
    for (const child of children) expect(await child.end('SIGTERM')).toBe(0)
    await check(directory, journal)
  },
)

test(
  'a stopped process loses its partitions to the others, and works again when it goes on',
  { timeout: 60_000 },
  async () => {
    const directory = freshDirectory()
    const journal = join(freshDirectory(), 'journal')
    const owner = new Child(directory, journal, 'p0')
    await owner.says('h')
    const other = new Child(directory, journal, 'p1')
    await Promise.all([other.says('h'), owner.says('- ')])
    const taken = owner.says('+ ')
    other.process.kill('SIGSTOP')
    await taken
    const back = [other.says('! '), other.says('+ ')]
    other.process.kill('SIGCONT')
    await Promise.all(back)
    await other.says('h')
    for (const child of [other, owner]) expect(await child.end('SIGTERM')).toBe(0)
    await check(directory, journal)
  },
)

test('a process that only publishes hands over cleanly: nobody waits, nothing fails', async () => {
  const directory = freshDirectory()
  const first = await openLog(directory)
  await first.admin.createTopics([{ name: 't', partitions: 1, retentionMs: Infinity, retentionBytes: Infinity }])
  const second = await openLog(directory)
  const member = await (await Member.join(second, 'g', ['t'])).holding(1)
  const waiting = member.fetch('t')
  const pending = first.append([record('t', 0, 'last words')])
  await Promise.all([pending, first.close()])
  // Whether the wait ended with the record or with the partition depends on who was quicker.
  expect((await waiting).length).toBeLessThanOrEqual(1)
  await member.until(({ history }) => history.filter(({ what }) => what === 'assigned').length === 2)
  expect(member.history.map(({ what }) => what)).toEqual(['assigned', 'lost', 'assigned'])
  expect(await stored(second, [record('t', 0, 'next')])).toEqual([1])
  expect(values(await member.fetch('t'))).toEqual(['last words', 'next'])
  await second.close()
})

test('heartbeats do not need the main thread', async () => {
  const directory = freshDirectory()
  const [owner, other] = [await openLog(directory), await openLog(directory)]
  await owner.admin.createTopics([{ name: 't', partitions: 2, retentionMs: Infinity, retentionBytes: Infinity }])
  const member = await (await Member.join(other, 'g', ['t'], { sessionTimeoutMs: 400 })).holding(2)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500)
  await member.commit('t', 0, 0)
  expect(member.history.map(({ what }) => what)).toEqual(['assigned', 'assigned'])
  await Promise.all([owner.close(), other.close()])
})

test('a program that forgets to close ends by itself', async () => {
  const directory = freshDirectory()
  const code = `
    const { embedded } = await import(${JSON.stringify(new URL('../../../src/transport/embedded/index.ts', import.meta.url).href)})
    const { systemClock } = await import(${JSON.stringify(new URL('../../../src/clock.ts', import.meta.url).href)})
    const log = await embedded({ directory: ${JSON.stringify(directory)} }).open({ clock: systemClock, clientId: 'x' })
    await log.admin.createTopics([{ name: 't', partitions: 1, retentionMs: Infinity, retentionBytes: Infinity }])
    await log.append([{ topic: 't', partition: 0, key: null, value: Buffer.from('kept'), headers: [], timestamp: 0 }])`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'inherit' })
  expect((await once(child, 'exit'))[0]).toBe(0)
  const log = await openLog(directory)
  expect(await readAll(log, 't')).toHaveLength(1)
  await log.close()
})

test('an owner that does not answer is told of, and calls of a relay fail clearly when it dies', async () => {
  const directory = freshDirectory()
  const journal = join(freshDirectory(), 'journal')
  const owner = new Child(directory, journal, 'p0')
  await owner.says('a')
  owner.process.kill('SIGSTOP')
  await rejects(openLog(directory, { ownerTimeout: 300 }), 'VLX_LOG_UNAVAILABLE')
  owner.process.kill('SIGCONT')
  const log = await openLog(directory)
  owner.process.kill('SIGSTOP')
  const append = rejects(log.append([record('shared', 0, 'x')]), 'VLX_LOG_UNAVAILABLE')
  const topics = log.admin.topics()
  await owner.end('SIGKILL')
  await append
  // Harmless to ask again, so it waits for the next owner: us.
  expect((await topics).map(({ name }) => name)).toEqual(['shared'])
  await stored(log, [record('shared', 0, 'y')])
  await log.close()
})
