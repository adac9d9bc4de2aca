/**
 * The checker of histories finds what is planted, and nothing in a history that is good.
 * @module
 */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { check } from './checker.ts'
import { goodHistory } from './good-history.ts'
import type { Happening } from './happening.ts'
import { Journal } from './journal.ts'
import { historyOf } from './merge.ts'
import { plants } from './plants.ts'
import type { RuleName } from './violations.ts'

test('a good history has no violation', async () => {
  const verdict = await check(goodHistory())
  expect(verdict.violations).toEqual([])
  // The one that ran when its process was stopped, and the one it started before it noticed.
  expect(verdict.subscriptions['billing']).toMatchObject({ stale: 2, again: 1, dead: 1 })
  expect(verdict.subscriptions['ledger']).toMatchObject({ dead: 1, parked: 1 })
  expect(verdict.events).toMatchObject({ calls: 9, acked: 8, unknown: 1 })
})

test.each(plants)('finds that $name', async ({ rule, plant }) => {
  const verdict = await check(plant(goodHistory()))
  expect([...verdict.counts.keys()]).toContain(rule)
})

test('every rule is planted', () => {
  const all = {
    lost: true,
    order: true,
    'parked order': true,
    overlap: true,
    again: true,
    attempts: true,
    'commit ahead': true,
    'commit back': true,
    stuck: true,
    'effect twice': true,
    'effect lost': true,
    'publish order': true,
    'stored though failed': true,
    ownership: true,
    unplanned: true,
    'no fault': true,
    load: true,
    history: true,
  } satisfies Record<RuleName, true>
  expect([...new Set(plants.map(({ rule }) => rule))].toSorted()).toEqual(Object.keys(all).toSorted())
})

/** The same history with the times between `from` and `to` taken out. */
function cut(history: readonly Happening[], isIn: (line: Happening) => boolean, more: number): readonly Happening[] {
  let shift = 0
  return history.map((line) => {
    if (isIn(line)) shift = more
    return { ...line, t: line.t + shift }
  })
}

test('a process that was stopped for less than its session has no excuse', async () => {
  const history = cut(goodHistory(), ({ what, by }) => what === 'assigned' && by === 'worker-3', -4_000)
  const verdict = await check(history)
  expect([...verdict.counts.keys()]).toContain('overlap')
})

test('a process that goes on has no excuse for what it starts after it noticed', async () => {
  const history = goodHistory()
  const lost = history.find((line) => line.what === 'lost')!
  const late = history.find((line) => line.what === 'start' && line.by === 'worker-2' && line.id === 'b:3')!
  const verdict = await check(
    [...history.filter((line) => line !== late), { ...late, t: lost.t + 0.5 }].sort((a, b) => a.t - b.t),
  )
  expect([...verdict.counts.keys()]).toContain('ownership')
})

test('files of several processes are one history in the order of time, without what a kill cut off', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'veltrix-history-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const first = new Journal(directory, 'worker-1')
  const second = new Journal(directory, 'worker-2')
  first.write({ what: 'dying', where: '1' })
  second.write({ what: 'dying', where: '2' })
  first.write({ what: 'dying', where: '3' })
  appendFileSync(join(directory, 'worker-1.jsonl'), '{"t":12,"what":"sta')
  const lines: Happening[] = []
  for await (const line of historyOf(directory)) lines.push(line)
  expect(lines.map((line) => (line.what === 'dying' ? line.where : ''))).toEqual(['1', '2', '3'])
  expect(lines[0]).toMatchObject({ by: 'worker-1', pid: process.pid })
})
