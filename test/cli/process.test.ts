/**
 * The command as a process of its own: what only the operating system shows.
 * @module
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { appFile, testProject, type TestProject } from './project.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

let project: TestProject
beforeAll(async () => {
  project = await testProject()
})
afterAll(() => project.remove())

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs `script` in a shell that knows the command line as `"$@"`; stdin stays open. */
function shell(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn('sh', ['-c', script, 'sh', process.execPath, ...args], {
    cwd: project.directory,
    env: { ...process.env, ...env },
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const ended = new Promise<Ran>((resolve) => child.on('close', (code) => resolve({ code, out, err })))
  return { child, ended, out: () => out, err: () => err }
}

const veltrix = (...args: string[]): Promise<Ran> => shell('exec "$@" < /dev/null', [main, ...args]).ended

test('a Node that is too old is told so, and nothing else is loaded', async () => {
  const older = `data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '20.11.0' })`
  const { code, out, err } = await shell('exec "$@"', ['--import', older, main, 'doctor', '--json']).ended
  expect(code).toBe(1)
  expect(err).toMatch(/^error veltrix needs Node 24 or newer; this is v.*\n$/)
  expect(JSON.parse(out)).toEqual({ error: { code: 'NODE_TOO_OLD', message: expect.any(String) } })
})

test('threads of the log find the compiled modules of earlier starts', async () => {
  await project.write(
    'environment.ts',
    `console.error('cache:', process.env['NODE_COMPILE_CACHE'])\nexport { default } from './veltrix.config.ts'`,
  )
  expect((await veltrix('lanes', '--app', 'environment.ts')).err).toMatch(/^cache: \/.+$/m)
})

test('a full disk behind stdout is one line on stderr', async () => {
  const { code, err } = await shell('exec "$@" > /dev/full', [main, 'lanes']).ended
  expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/^error The output cannot be written: .*\n$/) })
})

test('a reader of stderr that went away changes nothing', async () => {
  // Of a typed file alone `dev` says on stderr that nothing is handled, and runs on.
  const args = [main, 'dev', 'veltrix.config.ts', '--for', '500ms']
  const { out } = await shell('exec 3>&1; { sleep 0.1; "$@"; echo "code $?" >&3; } 2>&1 >/dev/null | true', args).ended
  expect(out).toBe('code 0\n')
})

test('the command ends by itself, not because nothing is left to wait for', async () => {
  await project.write(
    'sleepy.ts',
    `${appFile().replace('export default', 'const app =')}
const stop = app.stop.bind(app)
app.stop = async () => {
  const report = await stop()
  await new Promise((resolve) => setTimeout(resolve, 200).unref())
  return report
}
export default app`,
  )
  const { code, err } = await veltrix('lanes', '--app', 'sleepy.ts')
  expect({ code, err }).toEqual({ code: 0, err: '' })
})

test('a signal ends publish while it waits for input', async () => {
  const { child, ended } = shell('exec "$@"', [main, 'publish', '--json'])
  child.stdin.write('{"type":"order.placed","data":{"orderId":"o-2"}}\n')
  await expect
    .poll(async () => (await veltrix('tail', '--key', 'o-2', '--no-follow')).out, { timeout: 15_000 })
    .not.toBe('')
  child.kill('SIGINT')
  const { code, out } = await ended
  expect({ code, result: JSON.parse(out) }).toMatchObject({ code: 1, result: { published: 1, interrupted: true } })
})

test('dev drains when the script runner that started it is killed', async () => {
  await project.write('app.ts', appFile())
  // As npm starts it: by a shell, which a signal reaches alone.
  const { child, ended, out } = shell('"$@"; exit $?', [main, 'dev', 'app.ts', '--plain'], {
    npm_lifecycle_event: 'start',
  })
  await expect.poll(out, { timeout: 15_000 }).toContain('up ')
  child.kill('SIGTERM')
  // Resolves when nobody holds stdout any more.
  const { out: whole } = await ended
  expect(whole).toContain('draining')
  expect(whole).toMatch(/^abandoned +0$/m)
})

test('an error nobody caught in the app is JSON, with exit code 1', async () => {
  await project.write('dying.ts', `setTimeout(() => { throw new Error('from a timer') }, 300)\n${appFile()}`)
  const { code, out, err } = await veltrix('dev', 'dying.ts', '--for', '5s', '--json')
  expect({ code, out: JSON.parse(out) }).toEqual({
    code: 1,
    out: { error: { code: 'Error', message: 'from a timer' } },
  })
  expect(err).toContain('Error: from a timer')
})
