/**
 * What `npm pack` makes is what a user needs: its content, its doors, its declarations, its command, its threads.
 * @module
 */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, expect, test } from 'vitest'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..', '..')
const bin = join(root, 'node_modules', '.bin')
const env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`, NO_COLOR: '1' }
const folder = mkdtempSync(join(tmpdir(), 'veltrix-package-'))
const stage = join(folder, 'stage')
const project = join(folder, 'project')
const installed = join(project, 'node_modules', 'veltrix')

interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string; readonly mode: number }[]
}
let packed: Packed
let tarball: string

beforeAll(async () => {
  mkdirSync(join(stage, 'docs'), { recursive: true })
  for (const name of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'docs/errors.md', 'src']) {
    cpSync(join(root, name), join(stage, name), { recursive: true })
  }
  // Things that lie about in a working folder and must not be packed.
  for (const name of ['test', 'bench', '.veltrix']) {
    mkdirSync(join(stage, name))
    writeFileSync(join(stage, name, 'stray.ts'), '')
  }
  await run(process.execPath, [join(root, 'scripts/build.ts'), join(stage, 'dist')], { env })
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--loglevel=error'], { cwd: stage, env })
  const answer = JSON.parse(stdout) as readonly Packed[] | Readonly<Record<string, Packed>>
  packed = Object.values(answer)[0]!
  tarball = join(stage, packed.filename)
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', version: '1.0.0', type: 'module' }))
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
  await run('npm', ['install', ...quiet, tarball], { cwd: project, env })
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('it contains the compiled files with their sources and maps, and nothing else', () => {
  const paths = packed.files.map(({ path }) => path)
  const expected =
    /^(dist\/.+\.(js|d\.ts)(\.map)?|src\/.+\.ts|package\.json|README\.md|LICENSE|CHANGELOG\.md|docs\/errors\.md)$/
  // Of the dashboard's page: what is no module is as it is written.
  const ofThePage = /^(?:dist|src)\/dashboard\/page\/.+\.(?:html|css|svg)$/
  expect(paths.filter((path) => !expected.test(path) && !ofThePage.test(path))).toEqual([])
  expect(
    paths.filter((path) => /test|bench|example|\.tsbuildinfo|\.veltrix/.test(path) && !/\/testing\//.test(path)),
  ).toEqual([])
  const has = new Set(paths)
  for (const source of paths.filter((path) => path.startsWith('src/'))) {
    if (ofThePage.test(source)) {
      expect(has).toContain(source.replace(/^src\//, 'dist/'))
      continue
    }
    const compiled = source.replace(/^src\//, 'dist/').replace(/\.ts$/, '')
    if (source.startsWith('src/dashboard/page/')) {
      // Browsers import its modules, and nobody else.
      expect(has).toContain(`${compiled}.js`)
      continue
    }
    for (const end of ['.js', '.js.map', '.d.ts', '.d.ts.map']) expect(has).toContain(`${compiled}${end}`)
  }
})

test('no compiled file names a .ts file as an import', () => {
  const compiled = packed.files.filter(({ path }) => /^dist\/.+\.(js|d\.ts)$/.test(path))
  const wrong = compiled.flatMap(({ path }) => {
    const lines = readFileSync(join(installed, path), 'utf8').split('\n')
    return lines
      .filter((line) => /^(import|export) .* from '\.[^']*\.ts'|^import '\.[^']*\.ts'/.test(line))
      .map((line) => `${path}: ${line}`)
  })
  expect(wrong.filter((line) => !line.includes('/starter/'))).toEqual([])
})

test('source maps lead to sources that are in the package', () => {
  const map = JSON.parse(readFileSync(join(installed, 'dist/index.js.map'), 'utf8')) as { sources: readonly string[] }
  expect(map.sources).toEqual(['../src/index.ts'])
  expect(statSync(join(installed, 'src/index.ts')).isFile()).toBe(true)
})

test('publint finds nothing', async () => {
  const { messages, pkg } = await publint({ pkgDir: installed, strict: true, pack: false })
  expect(messages.map((message) => formatMessage(message, pkg!))).toEqual([])
})

test('are-the-types-wrong finds nothing', async () => {
  // The profile leaves out how CommonJS and Node 10 resolve; the exit code says whether anything else was found.
  await run('attw', [tarball, '--profile', 'esm-only', '--format', 'ascii'], { env }).catch(
    (error: { stdout: string }) => expect.fail(error.stdout),
  )
}, 60_000)

test('every door can be imported', async () => {
  const { exports } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { exports: object }
  const doors = Object.keys(exports).filter((door) => door !== './package.json')
  const script = `for (const door of ${JSON.stringify(doors)}) {
    const names = Object.keys(await import('veltrix' + door.slice(1)))
    if (names.length === 0) throw new Error(door + ' exports nothing')
  }`
  await run('node', ['--input-type=module', '--eval', script], { cwd: project, env })
})

test('a consumer compiles against the declarations, its libraries checked too', async () => {
  mkdirSync(join(project, 'node_modules/@types'), { recursive: true })
  symlinkSync(join(root, 'node_modules/@types/node'), join(project, 'node_modules/@types/node'))
  symlinkSync(join(root, 'node_modules/zod'), join(project, 'node_modules/zod'))
  const options = { module: 'NodeNext', target: 'ES2024', strict: true, noEmit: true, types: ['node'] }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['consumer.ts'] }))
  writeFileSync(join(project, 'consumer.ts'), consumer)
  await run('tsc', ['-p', project], { env }).catch((error: { stdout: string }) => expect.fail(error.stdout))
}, 60_000)

test('an installed application publishes and handles on the embedded log', async () => {
  writeFileSync(join(project, 'consumer.ts'), consumer)
  const { stdout } = await run('node', ['consumer.ts'], { cwd: project, env, timeout: 20_000 })
  expect(stdout).toBe('handled o-1\n')
}, 30_000)

test('the command runs, and says its version', async () => {
  const { stdout } = await run(join(project, 'node_modules/.bin/veltrix'), ['--help'], { cwd: project, env })
  expect(stdout).toContain('Usage')
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  const shown = await run(join(project, 'node_modules/.bin/veltrix'), ['--version'], { cwd: project, env })
  expect(shown.stdout).toContain(version)
})

const consumer = `import { z } from 'zod'
import { defineVeltrix, event, veltrix } from 'veltrix'
import { embedded } from 'veltrix/embedded'
import { memoryInbox } from 'veltrix/inbox'

const config = defineVeltrix({
  app: 'consumer',
  streams: { orders: { key: 'orderId', events: { 'order.placed': event(z.object({ orderId: z.string() })) } } },
  subscriptions: { billing: { events: ['order.placed'] } },
  transport: embedded({ directory: 'log' }),
})
const handled = Promise.withResolvers<string>()
const app = veltrix(config, { inbox: memoryInbox() }).handle('billing', 'order.placed', (event) => {
  const orderId: string = event.data.orderId
  handled.resolve(orderId)
})
await app.start()
await app.publish('order.placed', { orderId: 'o-1' })
console.log('handled', await handled.promise)
await app.stop()
`
