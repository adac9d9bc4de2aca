/**
 * The short form of `npm run chaos`: publishers and workers as processes of their own on three real brokers, several faults one after the
 * other under a load of 300 events a second and 200 keys, and a checker that reads what they wrote down. And a control run, in which
 * promises are given up on purpose: the checker has to miss them.
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFailed, test, type TestContext } from 'vitest'
import { KafkaCluster, missingKafka } from '../support/kafka-cluster.ts'
import { requirePart } from '../support/parts.ts'
import { faultNamed } from './chaos/faults.ts'
import type { Verdict } from './chaos/history/checker.ts'
import { storyOf } from './chaos/report.ts'
import { runChaos, type RunOptions } from './chaos/rig.ts'

let cluster: KafkaCluster | undefined

// Its own: its brokers die.
beforeAll(async () => {
  if ((await missingKafka()) === undefined) cluster = await KafkaCluster.start()
}, 180_000)

afterAll(() => cluster?.stop(), 60_000)

async function run(
  context: TestContext,
  names: readonly string[],
  more: Pick<RunOptions, 'app' | 'acks' | 'inbox'>,
): Promise<Verdict> {
  await requirePart(context, 'Kafka', missingKafka)
  const directory = mkdtempSync(join(tmpdir(), 'veltrix-chaos-'))
  const said: string[] = []
  onTestFailed(() => console.error(`${said.join('\n')}\nThe history is in ${directory}`))
  const seed = Number(process.env['VELTRIX_SEED'] ?? 1)
  const faults = names.map(faultNamed)
  const verdict = await runChaos({
    cluster: cluster!,
    faults,
    directory,
    seed,
    drainMs,
    adapt: true,
    note: (text) => said.push(text),
    ...more,
  })
  said.push(...storyOf(verdict))
  context.onTestFinished(({ task }) => {
    if (task.result?.state !== 'fail') rmSync(directory, { recursive: true })
  })
  return verdict
}

/** Other tests may have the machine at the same time; `npm run chaos` holds to 60 s, and to 300 events a second. */
const drainMs = 240_000

test('nothing is lost, out of order, overlapping or done twice while brokers and workers die', async (context) => {
  const names = ['leader-stop-kill', 'worker-kill-in', 'worker-stop', 'dead-not-writable']
  const verdict = await run(context, names, { app: 'chaos' })
  expect(verdict.violations).toEqual([])
  expect(verdict.faults.map(({ fault }) => fault)).toEqual(names)
  // It was not an idle run: handlers failed, and letters of both kinds were kept. (That handlers were cut is the faults' own condition.)
  const { billing, ledger } = verdict.subscriptions
  const counts = { failed: billing!.failed, dead: billing!.dead, parked: ledger!.parked }
  expect(Object.entries(counts).filter(([, count]) => count === 0)).toEqual([])
}, 900_000)

test('a run that takes what was sent for stored, and forgets effects, is found wanting', async (context) => {
  const names = ['leader-stop-kill', 'worker-kill-in']
  const verdict = await run(context, names, { app: 'control', acks: 'none', inbox: 'none' })
  expect([...verdict.counts.keys()]).toEqual(expect.arrayContaining(['lost', 'effect twice']))
}, 900_000)
