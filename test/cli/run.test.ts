import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exitCodeMeanings } from '../../src/cli/exit-codes.ts'
import { program } from '../../src/cli/program.ts'
import { isGroup } from '../../src/cli/command.ts'
import { fakeShell, veltrix } from './fake-shell.ts'
import { testProject, type TestProject } from './project.ts'

describe('help', () => {
  test('lists every command and every exit code', async () => {
    const { code, out } = await veltrix(['--help'])
    expect(code).toBe(0)
    for (const name of Object.keys(program)) expect(out).toContain(`  ${name}`)
    for (const [exitCode] of exitCodeMeanings) expect(out).toMatch(new RegExp(`^  ${exitCode} `, 'm'))
  })

  test('of each command shows its flags and examples that it would accept', async () => {
    const leaves = Object.entries(program).flatMap(([name, entry]) =>
      isGroup(entry)
        ? Object.entries(entry.commands).map(([child, leaf]) => [`${name} ${child}`, leaf] as const)
        : [[name, entry] as const],
    )
    for (const [name, leaf] of leaves) {
      const { code, out } = await veltrix([...name.split(' '), '--help'])
      const command = await leaf.load()
      expect(code).toBe(0)
      expect(out).toContain(`veltrix ${name}`)
      expect(command.examples).not.toEqual([])
      for (const flag of Object.keys(command.args)) {
        if (command.args[flag]!.type !== 'positional') expect(out).toContain(flag)
      }
      for (const [line] of command.examples) expect(out).toContain(line)
    }
  })

  test('stays inside a narrow terminal', async () => {
    const shell = fakeShell({ tty: true, env: { NO_COLOR: '1' } })
    shell.stdout.columns = 60
    const { out } = await veltrix(['dead', 'redrive', '--help'], shell)
    const prose = out.split('\n').filter((line) => !line.includes('veltrix dead redrive'))
    expect(Math.max(...prose.map((line) => line.length))).toBeLessThanOrEqual(60)
  })

  test('colours only where colour is wanted', async () => {
    // oxlint-disable-next-line no-control-regex
    const escape = /\u001B\[/
    expect((await veltrix(['--help'], fakeShell({ tty: true }))).out).toMatch(escape)
    expect((await veltrix(['--help'], fakeShell())).out).not.toMatch(escape)
    expect((await veltrix(['--help'], fakeShell({ tty: true, env: { NO_COLOR: '1' } }))).out).not.toMatch(escape)
    expect((await veltrix(['--help'], fakeShell({ env: { FORCE_COLOR: '1' } }))).out).toMatch(escape)
    expect((await veltrix(['--help'], fakeShell({ env: { FORCE_COLOR: '1', NO_COLOR: '1' } }))).out).not.toMatch(escape)
  })
})

describe('a command line that cannot be understood', () => {
  test.each([
    [['publsh'], 'Did you mean "publish"?'],
    [['dead', 'lst'], 'Did you mean "list"?'],
    [['dead'], 'needs one of: list'],
    [['--jsn'], 'Unknown flag "--jsn"'],
    [['dev', '--fro', '3'], 'Did you mean --for?'],
    [['dev', '--for'], '--for needs a value'],
    [['dev', '--for', 'soon'], 'give a duration as 500ms'],
    [['dev', 'a', 'b'], 'Unexpected argument "b"'],
    [['publish'], 'There is nothing to publish'],
    [['publish', '--data', '{}'], '<type> is missing'],
    [['publish', 'x', '--data', '{'], '--data is not JSON'],
    [['publish', 'x', '--field', 'novalue'], 'write name=text'],
    [['tail', '--from', 'yesterday'], 'write earliest, latest'],
    [['dead', 'redrive', 'billing'], 'Nothing is chosen'],
    [['dead', 'list', '--cause', 'unrecoverble'], 'Did you mean "unrecoverable"?'],
    [['dead', 'discard', 'billing', '--all'], '--reason is missing'],
    [['completion', 'tcsh'], 'bash, zsh, fish'],
  ])('%j exits with 2 and says what to write', async (args, words) => {
    const { code, out, err } = await veltrix(args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(words)
    expect(err).toContain('Try: veltrix')
  })

  test('with --json the error is one object on stdout', async () => {
    const { code, json } = await veltrix(['publsh', '--json'])
    expect(code).toBe(2)
    expect(json()).toEqual([
      { error: { code: 'VLX_USAGE', message: expect.stringContaining('publsh'), retryable: false } },
    ])
  })
})

describe('an app that is not there', () => {
  let project: TestProject
  beforeAll(async () => {
    project = await testProject({ files: {} })
  })
  afterAll(() => project.remove())

  test('names what was looked for and exits with 3', async () => {
    const { code, err } = await veltrix(['dev'], fakeShell({ cwd: project.directory }))
    expect(code).toBe(3)
    expect(err).toContain(project.directory)
    expect(err).toContain('veltrix.app.{ts,mts,js,mjs} and veltrix.config.{ts,mts,js,mjs}')
  })

  test.each([
    ['empty.ts', 'export const x = 1', 'has no default export'],
    ['other.ts', 'export default 42', 'exports neither an app nor a typed file'],
    ['broken.ts', 'throw new Error("no database")', 'does not load: no database (broken.ts:1:'],
  ])('%s: tells what is wrong with the module', async (name, content, words) => {
    await project.write(name, content)
    const { code, err } = await veltrix(['lanes', '--app', name], fakeShell({ cwd: project.directory }))
    expect(code).toBe(3)
    expect(err).toContain(words)
  })

  test('a typed file with problems lists all of them', async () => {
    await project.write('bad.ts', `export default { app: 'No Good', streams: {}, lanes: { a: { weight: -1 } } }`)
    const { code, json } = await veltrix(['lanes', '--app', 'bad.ts', '--json'], fakeShell({ cwd: project.directory }))
    expect(code).toBe(3)
    const [{ error }] = json()
    expect(error.code).toBe('VLX_CONFIG_INVALID')
    expect(error.problems.map((problem: { path: string }) => problem.path)).toEqual(
      expect.arrayContaining(['app', 'lanes.a.weight']),
    )
  })
})
