import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fakeShell, veltrix, type FakeShell } from './fake-shell.ts'
import { appFile, testProject, type TestProject } from './project.ts'

let project: TestProject
beforeAll(async () => {
  project = await testProject()
})
afterAll(() => project.remove())

const shell = (options: { stdin?: string; tty?: boolean } = {}): FakeShell =>
  fakeShell({ cwd: project.directory, ...options })

test('publish: one event from flags, and again with its id', async () => {
  const line = ['publish', 'order.placed', '--field', 'orderId=o-1', '--field', 'total:=5', '--id', 'e-1', '--json']
  const first = await veltrix(line, shell())
  expect(first.err).toBe('')
  expect(first.json()).toEqual([
    { id: 'e-1', topic: 'shop.orders.critical', partition: expect.any(Number), offset: 0, duplicate: false },
  ])
  expect((await veltrix(line, shell())).json()[0].duplicate).toBe(true)
})

test('publish: an event that is not valid exits with 1 and names the field', async () => {
  const { code, json } = await veltrix(['publish', 'order.placed', '--data', '{"total":1}', '--json'], shell())
  expect(code).toBe(1)
  expect(json()[0].error).toMatchObject({ code: 'VLX_EVENT_INVALID', issues: [{ path: 'data.orderId' }] })
})

test('publish: NDJSON from stdin; what fails is told with its line, the rest is stored', async () => {
  const lines = [
    '{"type":"order.exported","data":{"orderId":"x-1"}}',
    '',
    '{"type":"order.exported","data":{"orderId":7}}',
    'no json',
    '{"type":"order.unknown","data":{}}',
    '{"type":"order.exported","data":{"orderId":"x-2"}}',
  ]
  const { code, json, err } = await veltrix(['publish', '--json'], shell({ stdin: lines.join('\n') }))
  expect(code).toBe(1)
  expect(json()).toHaveLength(1)
  const [result] = json()
  expect(result).toMatchObject({ published: 2, failed: 3, duplicates: 0 })
  // In the order of the input, though what is no JSON was known first.
  expect(result.errors.map((each: { line: number }) => each.line)).toEqual([3, 4, 5])
  expect(err).toContain('line 4: not JSON')
})

test('publish: what came of it is told on stdout, what failed on stderr', async () => {
  const lines = ['{"type":"order.placed","data":{"orderId":"y-1"}}', 'no \u001B[2J json']
  const { code, out, err } = await veltrix(['publish'], shell({ stdin: lines.join('\n') }))
  expect(code).toBe(1)
  expect(out).toMatch(/^1 event published, 1 failed {2}\S+\/s {2}\d+ B {2}\S+\n$/)
  expect(err).toContain('line 2: ')
  // oxlint-disable-next-line no-control-regex
  expect(err).not.toMatch(/\u001B/)
})

test('publish: input without an event says so', async () => {
  const { code, err, json } = await veltrix(['publish', '--json'], shell({ stdin: '\n' }))
  expect({ code, result: json()[0] }).toMatchObject({ code: 0, result: { published: 0, failed: 0 } })
  expect(err).toBe('There was no event in the input.\n')
})

test('publish: one event laid out over several lines is told how input is read', async () => {
  const { code, err } = await veltrix(['publish'], shell({ stdin: '{\n  "type": "order.exported"\n}' }))
  expect(code).toBe(1)
  expect(err).toContain('is read line by line')
})

test.each([
  ['no-such-file', 'there is no such file'],
  ['.', 'it is a directory'],
])('publish: --file %s is told in words', async (file, words) => {
  const { code, err } = await veltrix(['publish', '--file', file], shell())
  expect(code).toBe(2)
  expect(err).toMatch(new RegExp(`^error --file cannot be "${file}": ${words}\\. \\(VLX_USAGE\\)\nTry: .*\n$`))
})

test('publish: a signal ends it though the input is still open', async () => {
  const waiting = shell()
  const endless = new Readable({ read: () => undefined })
  endless.push('{"type":"order.placed","data":{"orderId":"z-1"}}\n')
  const done = veltrix(['publish', '--json'], { ...waiting, stdin: endless })
  await expect
    .poll(async () => (await veltrix(['tail', '--key', 'z-1', '--no-follow', '--json'], shell())).out, {
      timeout: 10_000,
    })
    .toContain('z-1')
  waiting.signal('SIGINT')
  const { code, json } = await done
  expect({ code, result: json()[0] }).toMatchObject({ code: 1, result: { published: 1, failed: 0, interrupted: true } })
})

test('publish: payloads of one type from a file with a JSON array', async () => {
  await project.write('orders.json', JSON.stringify([{ orderId: 'a-1' }, { orderId: 'a-2' }], null, 2))
  const { code, json } = await veltrix(['publish', 'order.exported', '-f', 'orders.json', '--json'], shell())
  expect({ code, result: json()[0] }).toMatchObject({ code: 0, result: { published: 2, failed: 0 } })
})

test('tail: what is stored, secrets masked; its lines can be published again', async () => {
  const data = '{"orderId":"o-9","card":{"number":"4242","brand":"x"}}'
  await veltrix(['publish', 'order.placed', '--data', data, '--id', 'e-9'], shell())
  const tail = await veltrix(['tail', '--key', 'o-9', '--no-follow', '--json'], shell())
  expect(tail.json()).toMatchObject([{ id: 'e-9', lane: 'critical', data: { card: { number: '***', brand: 'x' } } }])
  expect(tail.out).not.toContain('4242')
  const masked = await veltrix(['publish', '--json'], shell({ stdin: tail.out }))
  expect(masked.code).toBe(1)
  expect(masked.json()[0]).toMatchObject({ published: 0, failed: 1 })
  expect(masked.out).toContain('data.card.number is \\"***\\"')
  const whole = await veltrix(
    ['tail', '--from', 'earliest', '--no-follow', '--type', 'order.exported', '--json'],
    shell(),
  )
  expect(whole.json()).toHaveLength(4)
  const again = await veltrix(['publish', '--json'], shell({ stdin: whole.out }))
  expect(again.json()[0]).toMatchObject({ failed: 0 })
})

test('tail: -n last ones, in the order of their time, and an unknown stream', async () => {
  const last = await veltrix(['tail', 'orders', '--from', '-2', '--no-follow', '--json'], shell())
  expect(last.json()).toHaveLength(2)
  const { code, err } = await veltrix(['tail', 'order'], shell())
  expect(code).toBe(2)
  expect(err).toContain('Did you mean "orders"?')
})

test('tail follows until a signal', async () => {
  const following = shell()
  const done = veltrix(['tail', '--from', 'latest', '--json'], following)
  await expect
    .poll(
      async () => {
        await veltrix(['publish', 'order.placed', '--field', 'orderId=live'], shell())
        return following.stdout.text
      },
      { timeout: 15_000, interval: 100 },
    )
    .toContain('"key":"live"')
  following.signal('SIGINT')
  expect((await done).code).toBe(0)
})

test('lanes: lag of every subscription and lane', async () => {
  const { json } = await veltrix(['lanes', '--json'], shell())
  const rows = json()[0].lanes
  expect(rows).toHaveLength(6)
  expect(rows.find((row: any) => row.subscription === 'billing' && row.lane === 'critical')).toMatchObject({
    committed: null,
    members: [],
  })
  const exported = rows.find((row: any) => row.subscription === 'reports' && row.lane === 'bulk')
  expect(exported.lag).toBe(exported.end)
  expect(exported.lagSeconds).toBeGreaterThan(0)
  const table = await veltrix(['lanes', 'reports'], shell())
  expect(table.out).toMatch(/^SUBSCRIPTION +LANE +LAG +OLDEST/)
})

describe('dev and dead letters', () => {
  beforeAll(async () => {
    await project.write('veltrix.app.ts', appFile())
    const bad = [
      '{"orderId":"bad","total":-1,"card":{"number":"4111"}}',
      '{"orderId":"bad","total":2}',
      '{"orderId":"good","total":2}',
    ]
    await veltrix(['publish', 'order.placed', '--file', '-'], shell({ stdin: bad.join('\n') }))
  })

  test('dev --for --json prints one summary and drains', async () => {
    const { code, json, err } = await veltrix(
      ['dev', '--for', '2s', '--port', '0', '--dashboard-port', '0', '--json'],
      shell(),
    )
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(json()).toHaveLength(1)
    expect(json()[0]).toMatchObject({ app: 'shop', drained: true, abandoned: 0, deadLetters: 1 })
    expect(json()[0].handled).toBeGreaterThan(10)
  })

  test('dead list and show, then discard lets the follower go', async () => {
    const listed = (await veltrix(['dead', 'list', 'billing', '--json'], shell())).json()[0]
    expect(listed.total).toBe(2)
    const dead = listed.letters.find((letter: any) => letter.kind === 'dead')
    expect(dead).toMatchObject({ key: 'bad', reason: 'unrecoverable', errorMessage: 'total is negative' })

    const { groups } = (await veltrix(['dead', 'groups', '--json'], shell())).json()[0]
    expect(groups).toMatchObject([
      { subscription: 'billing', reason: 'parked-behind', pattern: '', count: 1, keys: 1, types: ['order.placed'] },
      { subscription: 'billing', reason: 'unrecoverable', pattern: 'total is negative', count: 1, keys: 1 },
    ])
    const ofGroup = await veltrix(['dead', 'list', 'billing', '--group', dead.group, '--json'], shell())
    expect(ofGroup.json()[0].letters.map(({ id }: any) => id)).toEqual([dead.id])
    expect((await veltrix(['dead', 'groups'], shell())).out).toContain(dead.group)

    const keys = (await veltrix(['dead', 'keys', '--json'], shell())).json()[0]
    expect(keys).toMatchObject({ total: 1, keys: [{ subscription: 'billing', key: 'bad', followers: 1 }] })
    expect(keys.keys[0].head.id).toBe(dead.id)
    expect((await veltrix(['dead', 'keys', 'billing'], shell())).out).toContain(dead.id)

    const story = await veltrix(['dead', 'show', 'billing', dead.id], shell())
    expect(story.out).toContain('total is negative')
    expect(story.out).toContain('behind it')

    // What was parked at once was never tried: there is no time to show.
    const parked = listed.letters.find((letter: any) => letter.kind === 'parked')
    const waiting = await veltrix(['dead', 'show', 'billing', parked.id], shell())
    expect(waiting.out).toContain('waits behind')
    expect(waiting.out).not.toContain('1970')

    const dry = await veltrix(['dead', 'redrive', 'billing', '--all', '--dry-run', '--json'], shell())
    expect(
      dry
        .json()[0]
        .results.map((result: any) => result.outcome)
        .sort(),
    ).toEqual(['follows', 'would-redrive'])

    // Without a worker the report never comes: that is said, and a signal ends the waiting.
    const interrupted = shell()
    const redrive = veltrix(['dead', 'redrive', 'billing', dead.id, '--wait', '--json'], interrupted)
    await expect
      .poll(() => interrupted.stderr.text, { timeout: 20_000 })
      .toContain('No worker runs billing now. Waiting until one does')
    await expect
      .poll(async () => (await veltrix(['dead', 'list', 'billing', '--json'], shell())).out, { timeout: 20_000 })
      .toContain('"redriving"')
    interrupted.signal('SIGINT')
    const { code, json, err } = await redrive
    expect({ code, result: json()[0] }).toMatchObject({
      code: 1,
      result: { interrupted: true, requested: 1, total: 1 },
    })
    expect(err).not.toMatch(/^\s+at /m)

    const asked = await veltrix(['dead', 'discard', 'billing', dead.id, '--reason', 'test'], shell())
    expect(asked.code).toBe(2)
    expect(asked.err).toContain('Discard 1 dead letter of billing?')
    expect(asked.err).toContain('add --yes')
    const done = await veltrix(['dead', 'discard', 'billing', dead.id, '--reason', 'test', '--yes', '--json'], shell())
    expect(done.json()[0].results).toEqual([{ id: dead.id, outcome: 'discarded' }])

    const audit = (await veltrix(['dead', 'audit', 'billing', dead.id, '--json'], shell())).json()[0]
    expect(audit.entries).toMatchObject([{ action: 'discarded', reason: 'test' }, { action: 'redrive-requested' }])
  })

  test('dead replace: shows what would change, secrets masked, and keeps the payload in its place', async () => {
    // A module is loaded once, and its application runs once.
    const work = async (name: string): Promise<void> => {
      await project.write(`${name}.app.ts`, appFile())
      const { json } = await veltrix(['dev', `${name}.app.ts`, '--for', '2s', '--json'], shell())
      expect(json()[0]).toMatchObject({ drained: true })
    }
    const bad = '{"orderId":"worse","total":-1,"card":{"number":"4111","owner":"ann"}}'
    await veltrix(['publish', 'order.placed', '--data', bad], shell())
    await work('first')
    const list = async (): Promise<any> =>
      (await veltrix(['dead', 'list', 'billing', '--key', 'worse', '--json'], shell())).json()[0].letters[0]
    const { id, eventId } = await list()
    const shown = (await veltrix(['dead', 'show', 'billing', id, '--json'], shell())).json()[0].event.data
    expect(shown.card).toEqual({ number: '***', owner: 'ann' })
    const line = ['dead', 'replace', 'billing', id, '--reason', 'wrong total', '--data']

    const edited = JSON.stringify({ ...shown, total: 5, card: { number: '4222', owner: 'ann' } })
    const dry = await veltrix([...line, edited, '--dry-run', '--json'], shell())
    expect(dry.json()[0]).toMatchObject({
      outcome: 'would-replace',
      differences: [
        { path: 'data.total', before: -1, after: 5 },
        { path: 'data.card.number', secret: true },
      ],
    })
    const { out } = await veltrix([...line, '-', '--dry-run'], shell({ stdin: edited }))
    expect(out).toMatch(/- data\.total: -1\n {2}\+ data\.total: 5\n {2}~ data\.card\.number: another secret value\n/)
    expect(dry.out + out).not.toMatch(/4111|4222/)
    expect((await list()).eventId).toBe(eventId)

    for (const [data, problem] of [
      ['{"orderId":"other"}', 'its key would be "other"'],
      ['{"orderId":7}', 'data.orderId'],
      ['no-such-file.json', 'neither JSON nor a file'],
    ] as const) {
      const { code, err } = await veltrix([...line, data, '--yes'], shell())
      expect({ failed: code > 0, err }).toEqual({ failed: true, err: expect.stringContaining(problem) })
    }

    await project.write('order.json', JSON.stringify({ ...shown, total: 5 }))
    expect((await veltrix([...line, 'order.json'], shell())).err).toContain('add --yes')
    const done = (await veltrix([...line, 'order.json', '--yes', '--json'], shell())).json()[0]
    expect(done).toMatchObject({ outcome: 'requested', differences: [{ path: 'data.total' }] })
    expect(await list()).toMatchObject({ id, eventId: done.eventId, status: 'redriving' })
    const again = (await veltrix([...line, 'order.json', '--yes', '--json'], shell())).json()[0]
    expect(again).toMatchObject({ outcome: 'already-redriving', eventId: done.eventId })
    await work('second')
    expect(await list()).toBeUndefined()
    const audit = (await veltrix(['dead', 'audit', 'billing', id, '--json'], shell())).json()[0].entries
    expect(audit.map(({ action }: any) => action)).toEqual(['redriven', 'redrive-requested', 'replaced'])
  })

  test('dead list: a place that is none is a usage error, also over several subscriptions', async () => {
    const { code, err } = await veltrix(['dead', 'list', '--after', 'x'], shell())
    expect(code).toBe(2)
    expect(err).toContain('"x" is not the "next" of a page')
  })

  test('doctor: nothing wrong, and a topic that does not fit', async () => {
    const { code, json } = await veltrix(['doctor', '--json'], shell())
    expect({ code, healthy: json()[0].healthy }).toEqual({ code: 0, healthy: true })
    expect(json()[0].findings.map((finding: any) => finding.check)).toEqual(
      expect.arrayContaining(['node', 'typed file', 'directory', 'disk', 'topics', 'integrity', 'groups', 'lag']),
    )
    const { typedFile } = await import('./project.ts')
    await project.write('changed.ts', typedFile(project.directory).replace('partitions: 3', 'partitions: 5'))
    const changed = await veltrix(['doctor', '--app', 'changed.ts'], shell())
    expect(changed.code).toBe(1)
    expect(changed.out).toContain('shop.orders.critical has 3 partitions, the typed file says 5')
    expect(changed.out).toContain('To do: Set it back to 3')
  })

  test('doctor: a log that cannot be used is told with its code; nothing is claimed of one that cannot be seen', async () => {
    const { typedFile } = await import('./project.ts')
    await mkdir(join(project.directory, 'damaged/log'), { recursive: true })
    await project.write('damaged/log/log.db', 'garbage')
    await project.write('damaged.ts', typedFile(join(project.directory, 'damaged')))
    const damaged = await veltrix(['doctor', '--app', 'damaged.ts', '--json'], shell())
    const log = damaged.json()[0].findings.find((finding: any) => finding.check === 'log')
    expect(log).toMatchObject({ status: 'wrong', says: expect.stringContaining('VLX_LOG_CORRUPTED') })

    await mkdir(join(project.directory, 'taken'))
    await project.write('taken/log', 'a file')
    await project.write('taken.ts', typedFile(join(project.directory, 'taken')))
    const taken = await veltrix(['doctor', '--app', 'taken.ts', '--json'], shell())
    const checks = taken.json()[0].findings.map((finding: any) => [finding.check, finding.status])
    expect(checks).toContainEqual(['directory', 'wrong'])
    expect(checks.map(([check]: string[]) => check)).not.toContain('log')
  })
})
