/**
 * The quick start of README.md compiles and runs as it stands, and its call of the example's gateway is taken.
 * @module
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import checkout from '../examples/checkout/veltrix.config.ts'
import { createGateway } from '../src/gateway/index.ts'
import { veltrix } from '../src/index.ts'
import { embedded } from '../src/transport/embedded/index.ts'

const root = join(import.meta.dirname, '..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const quickStart = /<!-- quick-start -->\n+```ts\n([^]*?)```/.exec(readme)?.[1] ?? ''
const folder = mkdtempSync(join(tmpdir(), 'veltrix-readme-'))

beforeAll(() => {
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, 'veltrix'), { recursive: true })
  mkdirSync(join(modules, '@types'))
  for (const name of ['zod', '@types/node']) symlinkSync(join(root, 'node_modules', name), join(modules, name))
  // The package, its doors leading to the sources: a symbolic link out of node_modules, where Node runs TypeScript.
  symlinkSync(join(root, 'src'), join(modules, 'veltrix', 'src'))
  const door = { name: 'veltrix', type: 'module', exports: { '.': './src/index.ts' } }
  writeFileSync(join(modules, 'veltrix', 'package.json'), JSON.stringify(door))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'quick-start', type: 'module' }))
  writeFileSync(join(folder, 'shop.ts'), quickStart)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('it is at most 30 lines', () => {
  expect(quickStart.trimEnd().split('\n').length).toBeGreaterThan(10)
  expect(quickStart.trimEnd().split('\n').length).toBeLessThanOrEqual(30)
})

test('it compiles', async () => {
  const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')) as {
    compilerOptions: object
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['shop.ts'] }))
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const answer = promisify(execFile)(process.execPath, [tsc, '-p', folder])
  await answer.catch((error: { stdout: string }) => expect.fail(error.stdout))
})

test('it runs: both events are handled, and SIGTERM drains it to exit 0', async () => {
  const child = spawn(process.execPath, ['shop.ts'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const both = Promise.withResolvers<void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (output.includes('charged 42 for o-1') && output.includes('archived o-1')) both.resolve()
    })
  }
  const exited = once(child, 'exit') as Promise<[number | null]>
  await Promise.race([both.promise, exited.then(() => expect.fail(`ended early: ${output}`))])
  child.kill('SIGTERM')
  expect((await exited)[0]).toBe(0)
})

test('the curl line is taken by the gateway of the checkout example', async () => {
  const [, path, headers, body] = /^curl -i http:\/\/127\.0\.0\.1:4680(\S+) -H '([^']+)' -d '([^']+)'$/m.exec(readme)!
  const app = veltrix(checkout, { transport: embedded({ directory: join(folder, 'log'), durability: 'none' }) })
  const gateway = createGateway(app, { port: 0 })
  try {
    const [name, value] = headers!.split(': ')
    const url = `${await gateway.start()}${path}`
    expect((await fetch(url, { method: 'POST', headers: { [name!]: value! }, body: body! })).status).toBe(202)
  } finally {
    await gateway.close()
    await app.stop()
  }
})
