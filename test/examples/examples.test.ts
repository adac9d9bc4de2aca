import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const run = fileURLToPath(new URL('../../examples/run.ts', import.meta.url))
const timeout = 120_000

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'veltrix-examples-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function started(...args: string[]) {
  const env = { ...process.env, CHECKOUT_DIRECTORY: join(directory, 'checkout'), TMPDIR: directory }
  // In a process group of its own, which a terminal's Ctrl-C reaches as a whole.
  const child = spawn(process.execPath, [run, ...args], { cwd: directory, env, detached: true })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const ended = new Promise<Ran>((resolve) => child.on('close', (code) => resolve({ code, out, err })))
  return { child, ended, out: () => out }
}

const example = (...args: string[]): Promise<Ran> => started(...args).ended

test('without a name they are listed', async () => {
  const { code, out } = await example()
  expect(code).toBe(0)
  expect(out).toMatch(/^ {2}checkout /m)
  expect(out).toMatch(/^ {2}flights /m)
  expect((await example('chekout')).code).toBe(2)
})

describe('checkout', () => {
  const promised = { settled: true, failedPublishes: 0, lost: 0, outOfOrder: 0, duplicateEffects: 0, drained: true }

  test('keeps its promises through floods, a poison order and an outage', { timeout }, async () => {
    const { code, out } = await example('checkout', '--for', '7s', '--json')
    const lines = out.split('\n').filter(Boolean)
    expect(lines).toHaveLength(1)
    const summary = JSON.parse(lines[0]!)
    expect(summary).toMatchObject({ ...promised, deadLetters: 1 })
    expect(code).toBe(0)
    expect(summary.published).toBeGreaterThan(1000)
    // Every order is handled twice (intake and warehouse), everything else once.
    expect(summary.handled).toBeGreaterThan(summary.published)
    expect(summary.parked).toBeGreaterThanOrEqual(2)
    expect(summary.retries).toBeGreaterThan(0)
    for (const lane of ['critical', 'standard', 'bulk']) {
      expect(summary.lanes[lane]).toMatchObject({ p50Ms: expect.any(Number), p99Ms: expect.any(Number) })
    }
    // The outage holds back payments (standard) only: orders are handled meanwhile.
    expect(summary.lanes.critical.p99Ms).toBeLessThan(summary.lanes.standard.p99Ms)
  })

  test('a second one on the same log is refused, and says what to do', { timeout }, async () => {
    const first = started('checkout', '--plain')
    await expect.poll(first.out, { timeout: 20_000 }).toContain('up ')
    const { code, err } = await example('checkout', '--for', '1s')
    expect(code).toBe(3)
    expect(err).toContain('the checkout example runs already on')
    expect(err).toContain('CHECKOUT_DIRECTORY=')
    // One Ctrl-C is one signal: it drains.
    process.kill(-first.child.pid!, 'SIGINT')
    const { code: drained, out } = await first.ended
    expect(drained).toBe(0)
    expect(out).toMatch(/^lost +0$/m)
  })

  test('again, on what the first run left', { timeout }, async () => {
    const { code, out } = await example('checkout', '--for', '1s', '--json')
    expect(JSON.parse(out)).toMatchObject({ ...promised, deadLetters: 0, parked: 0 })
    expect(code).toBe(0)
  })
})

describe('flights', () => {
  test('every record once, in order, with equal totals', { timeout }, async () => {
    const { code, out } = await example('flights', '--json')
    const result = JSON.parse(out)
    expect(result).toMatchObject({ records: 20_000, published: 20_000, handled: 20_000, airports: 220, passed: true })
    expect(code).toBe(0)
  })

  test.each([
    [['--limit', 'many'], '--limit cannot be "many"'],
    [['--limit', '0'], '--limit cannot be "0"'],
    [['--limt', '5'], "Unknown option '--limt'"],
    [['--break', 'all'], '--break cannot be "all"'],
    [['--limit', '1', '--break', 'order'], 'needs two records of one airport'],
  ])('%j is refused with the usage', async (args, words) => {
    const { code, out, err } = await example('flights', ...args, '--json')
    expect(code).toBe(2)
    expect(err).toContain(words)
    expect(err).toContain('npm run example -- flights [--limit n]')
    expect(err).not.toMatch(/^\s+at /m)
    expect(JSON.parse(out).error.message).toContain(words)
  })

  test('left half-way it leaves no log behind', { timeout }, async () => {
    const { child, ended } = started('flights')
    await expect.poll(() => readdir(directory), { timeout: 20_000 }).toContainEqual(expect.stringContaining('flights-'))
    child.kill('SIGINT')
    expect((await ended).code).toBe(130)
    expect((await readdir(directory)).filter((name) => name.includes('flights-'))).toEqual([])
  })

  test('prints a table of counts', { timeout }, async () => {
    const { code, out } = await example('flights', '--limit', '300')
    expect(code).toBe(0)
    expect(out).toMatch(/^AIRPORT +FLIGHTS/)
    expect(out).toMatch(/^all +300 /m)
    expect(out).not.toContain('FAILED')
  })

  test.each([
    ['order', ['order by airport and lane', 'order by airport']],
    ['loss', ['published', 'handled once', 'order by airport', 'totals by airport']],
    ['twice', ['handled once', 'totals by airport']],
  ])('a broken check exits with 1: %s', { timeout }, async (how, failing) => {
    const { code, out } = await example('flights', '--limit', '300', '--break', how, '--json')
    expect(code).toBe(1)
    const { checks, passed } = JSON.parse(out)
    expect(passed).toBe(false)
    expect(failing.filter((name) => checks[name].passed)).toEqual([])
  })
})
