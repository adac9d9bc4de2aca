/** What `veltrix haproxy` prints: HAProxy takes it without a word, whatever the flags, and flags it would not take are refused here. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Authority, missingOpenssl } from '../support/certificates.ts'
import { complaintsAbout, missingHaproxy } from '../support/haproxy.ts'
import { requirePart } from '../support/parts.ts'
import { veltrix } from './fake-shell.ts'

function freshDirectory(name = 'vlx-haproxy-'): string {
  const directory = mkdtempSync(join(tmpdir(), name))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Every choice of one of each. */
function combinations(choices: readonly (readonly (readonly string[])[])[]): readonly string[][] {
  return choices.reduce<string[][]>(
    (all, next) => all.flatMap((flags) => next.map((more) => [...flags, ...more])),
    [[]],
  )
}

test('HAProxy takes every combination of flags without a warning', { timeout: 180_000 }, async (context) => {
  await requirePart(context, 'haproxy', missingHaproxy)
  await requirePart(context, 'openssl', missingOpenssl)
  // A space in a path is the hardest there is.
  const directory = freshDirectory('vlx haproxy-')
  const authority = await Authority.make(directory)
  const { keystore } = await authority.sign('/CN=events', 'DNS:localhost')
  const tls = ['--tls', keystore]
  const client = [...tls, '--client-ca', authority.truststore]
  const all = combinations([
    [
      ['--gateway', '127.0.0.1:4681'],
      ['--gateway', 'localhost:4681,[::1]:4682', '--gateway', '10.0.0.1:4683'],
    ],
    [[], tls, client, [...client, '--client-verify', 'optional']],
    [[], ['--listen', ':8443'], ['--listen', '[::]:8443']],
    [
      [],
      ['--stats', '127.0.0.1:8404', '--user', 'nobody:nogroup', '--check-interval', '100ms', '--answer-timeout', '1m'],
    ],
  ])
  expect(all).toHaveLength(48)
  const file = join(directory, 'haproxy.cfg')
  for (const flags of all) {
    const { code, out } = await veltrix(['haproxy', ...flags])
    writeFileSync(file, out)
    expect({ flags, code, complaints: await complaintsAbout(file) }).toEqual({ flags, code: 0, complaints: '' })
  }
})

test('HAProxy complains about a configuration that is wrong', async (context) => {
  await requirePart(context, 'haproxy', missingHaproxy)
  const { out } = await veltrix(['haproxy', '--gateway', '127.0.0.1:4681'])
  const file = join(freshDirectory(), 'haproxy.cfg')
  writeFileSync(file, out.replace('leastconn', 'leastcon'))
  expect(await complaintsAbout(file)).toContain('leastcon')
})

const one = ['--gateway', '127.0.0.1:4681']
const tls = [...one, '--tls', '/etc/events.pem']

test.each([
  [[], '--gateway is missing'],
  [['--gateway', ''], '--gateway cannot be ""'],
  [['--gateway', 'a:1,'], '--gateway cannot be ""'],
  [['--gateway', 'localhost'], 'give host:port'],
  [['--gateway', 'http://localhost:4680'], 'It is not a URL.'],
  [['--gateway', ':4680'], '--gateway cannot be ":4680"'],
  [['--gateway', '*:4680'], '--gateway cannot be "*:4680"'],
  [['--gateway', 'a:0'], '--gateway cannot be "a:0"'],
  [['--gateway', 'a:65536'], '--gateway cannot be "a:65536"'],
  [['--gateway', '1.2.3:80'], '--gateway cannot be "1.2.3:80"'],
  [['--gateway', '::1:80'], '--gateway cannot be "::1:80"'],
  [['--gateway', '[fe80::1%eth0]:80'], '--gateway cannot be'],
  [['--gateway', 'a b:80'], '--gateway cannot be'],
  [['--gateway', 'a:80\n  server x'], '--gateway cannot be'],
  [['--gateway', 'a-:80'], '--gateway cannot be'],
  [['--gateway', 'a:1,b:2', '--gateway', 'a:1'], '--gateway a:1 is there twice.'],
  [[...one, '--listen', '127.0.0.1:4681'], '--listen and --gateway cannot both be 127.0.0.1:4681.'],
  [[...one, '--listen', ':80', '--stats', '*:80'], '--stats and --listen cannot both be *:80.'],
  [[...one, '--client-ca', '/ca.pem'], '--client-ca needs --tls'],
  [[...tls, '--client-verify', 'required'], '--client-verify needs --client-ca'],
  [[...tls, '--client-ca', '/c', '--client-verify', 'none'], 'one of required, optional'],
  [[...one, '--tls', 'events.pem'], 'give the full path'],
  [[...one, '--tls', "/e'x.pem"], 'quotes and backslashes'],
  [[...one, '--tls', '/e\nx.pem'], 'quotes and backslashes'],
  [[...one, '--socket', 'admin.sock'], 'give the full path'],
  [[...one, '--socket', `/${'a'.repeat(90)}`], 'a path of up to 90 bytes'],
  [[...one, '--socket', '/run/a,b'], 'without spaces, commas'],
  [[...one, '--user', 'me; daemon'], '--user cannot be'],
  [[...one, '--user', 'a:b:c'], '--user cannot be'],
  [[...one, '--check-interval', '50ms'], 'at least 100ms'],
  [[...one, '--answer-timeout', '0s'], 'at least 1000ms'],
  [[...one, '--max-connections', '0'], 'from 1 to 1000000'],
  [[...one, '--max-per-gateway', 'many'], '--max-per-gateway cannot be "many"'],
])('%j is refused: %s', async (flags, message) => {
  const { code, out, err } = await veltrix(['haproxy', ...flags])
  expect({ code, out, err }).toEqual({ code: 2, out: '', err: expect.stringContaining(message) })
})

test('one that others reach warns when it speaks in clear, and hides the name it was called by', async () => {
  const local = await veltrix(['haproxy', ...one])
  expect([local.err, local.out.includes('gateway.invalid')]).toEqual(['', false])
  const open = await veltrix(['haproxy', ...one, '--listen', ':80'])
  expect(open.err).toContain('in clear')
  expect(open.out).toContain('set-header Host gateway.invalid')
  const safe = await veltrix(['haproxy', ...tls, '--listen', ':443'])
  expect([safe.err, safe.out.includes('gateway.invalid')]).toEqual(['', true])
})

test('as JSON it is the same text', async () => {
  const { out } = await veltrix(['haproxy', ...one])
  expect((await veltrix(['haproxy', ...one, '--json'])).json()).toEqual([{ configuration: out }])
})
