import { spawn } from 'node:child_process'
import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fakeShell, veltrix } from './fake-shell.ts'
import { testProject, type TestProject } from './project.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const files = ['.gitignore', 'README.md', 'package.json', 'tsconfig.json', 'veltrix.app.ts', 'veltrix.config.ts']

let project: TestProject
beforeAll(async () => {
  project = await testProject({ files: {} })
})
afterAll(() => project.remove())

/** `npm install` without a network: this package under its name, from its sources, and zod. */
async function link(directory: string): Promise<void> {
  const veltrixPackage = join(directory, 'node_modules/veltrix')
  await mkdir(veltrixPackage, { recursive: true })
  await symlink(join(root, 'src'), join(veltrixPackage, 'src'))
  await symlink(join(root, 'node_modules/zod'), join(directory, 'node_modules/zod'))
  await symlink(join(root, 'node_modules/@types'), join(directory, 'node_modules/@types'))
  const manifest = { name: 'veltrix', type: 'module', exports: { '.': './src/index.ts' } }
  await writeFile(join(veltrixPackage, 'package.json'), JSON.stringify(manifest))
}

function start(command: string[], cwd: string): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, command, { cwd })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })))
}

test('makes a project that type-checks and runs', { timeout: 90_000 }, async () => {
  const { code, json } = await veltrix(['init', 'my-shop', '--yes', '--json'], fakeShell({ cwd: project.directory }))
  const directory = join(project.directory, 'my-shop')
  expect({ code, made: json()[0] }).toMatchObject({ code: 0, made: { directory, name: 'my-shop' } })
  expect((await readdir(directory)).sort()).toEqual(files)
  expect(JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'))).toMatchObject({
    scripts: { start: 'veltrix dev' },
  })

  await link(directory)
  const checked = await start([join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'], directory)
  expect(checked.out).toBe('')
  const ran = await start([join(root, 'src/cli/main.ts'), 'dev', '--for', '2s', '--json'], directory)
  expect(ran.code).toBe(0)
  const summary = JSON.parse(ran.out)
  expect(summary).toMatchObject({ app: 'my-shop', settled: true, deadLetters: 0, drained: true })
  expect(summary.handled).toBeGreaterThanOrEqual(summary.published)
  // What handlers print stays out of machine output.
  expect(ran.err).toContain('billed order')
})

test('overwrites nothing', async () => {
  await mkdir(join(project.directory, 'taken'))
  await writeFile(join(project.directory, 'taken/README.md'), 'mine')
  const { code, err } = await veltrix(['init', 'taken', '--yes'], fakeShell({ cwd: project.directory }))
  expect(code).toBe(2)
  expect(err).toContain('README.md already')
  expect(await readdir(join(project.directory, 'taken'))).toEqual(['README.md'])
})

test('a name that cannot be one is refused before anything is written', async () => {
  const { code } = await veltrix(['init', 'x', '--yes', '--name', 'No Good'], fakeShell({ cwd: project.directory }))
  expect(code).toBe(2)
  expect(await readdir(project.directory)).not.toContain('x')
})
