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

  test('as JSON: the program, a group, a command', async () => {
    const [whole] = (await veltrix(['--help', '--json'])).json()
    expect(whole.commands.map(({ command }: { command: string }) => command)).toEqual(Object.keys(program))
    const [group] = (await veltrix(['dead', '--help', '--json'])).json()
    expect(group.commands).toContainEqual({ command: 'dead show', summary: expect.any(String) })
    const [command] = (await veltrix(['dead', 'list', '--help', '--json'])).json()
    expect(command.arguments).toEqual([{ name: 'subscription', required: false, description: expect.any(String) }])
    expect(command.flags.find(({ name }: { name: string }) => name === 'kind').choices).toEqual(['dead', 'parked'])
    expect(command.examples[0]).toEqual({ line: 'veltrix dead list', purpose: expect.any(String) })
  })

  test('flags of every command may stand before its name', async () => {
    expect((await veltrix(['--help', 'dead', 'list'])).out).toBe((await veltrix(['dead', 'list', '--help'])).out)
    expect((await veltrix(['dead', '--help', 'list'])).out).toBe((await veltrix(['dead', 'list', '--help'])).out)
    expect((await veltrix(['--json', '--version'])).json()).toEqual([{ version: expect.any(String) }])
    expect((await veltrix(['--json', 'lanes', '--app', 'no-such-place'])).json()[0].error.code).toBe(
      'VLX_CONFIG_NOT_FOUND',
    )
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
    [['completion', 'bsh'], 'Did you mean bash?'],
    [['tail', '--no-folow'], 'Did you mean --no-follow?'],
    [['publish', 'x', '--data', '--json=true'], '--data needs a value before --json'],
  ])('%j exits with 2 and says what to write', async (args, words) => {
    const { code, out, err } = await veltrix(args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(words)
    expect(err).toContain('Try: veltrix')
  })

  test('no letter is suggested for a letter', async () => {
    expect((await veltrix(['dev', '-x'])).err).not.toContain('Did you mean')
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

  test('a cause that the message tells already is not told again', async () => {
    const { err } = await veltrix(['lanes', '--app', 'broken.ts'], fakeShell({ cwd: project.directory }))
    expect(err.match(/no database/g)).toHaveLength(1)
  })

  test('a typed file with problems is named, and lists all of them', async () => {
    await project.write('bad.ts', `export default { app: 'No Good', streams: {}, lanes: { a: { weight: -1 } } }`)
    const shell = fakeShell({ cwd: project.directory })
    const { code, json, err } = await veltrix(['lanes', '--app', 'bad.ts', '--json'], shell)
    expect(code).toBe(3)
    expect(err).toMatch(/^error bad\.ts: The configuration has \d+ problems:\n/)
    // The code stands alone, not behind the last problem.
    expect(err).toMatch(/\n\(VLX_CONFIG_INVALID\)\n$/)
    const [{ error }] = json()
    expect(error.code).toBe('VLX_CONFIG_INVALID')
    expect(error.problems.map((problem: { path: string }) => problem.path)).toEqual(
      expect.arrayContaining(['app', 'lanes.a.weight']),
    )
  })
})

describe('a stdout that takes no more', () => {
  const failing = (code: string): ReturnType<typeof fakeShell> => {
    const shell = fakeShell()
    shell.stdout.failure = Object.assign(new Error(`${code}: write`), { code })
    return shell
  }

  test('because its reader had enough is no failure', async () => {
    expect(await veltrix(['--help'], failing('EPIPE'))).toMatchObject({ code: 0, err: '' })
  })

  test.each([['--help'], ['--version', '--json']])(
    'for another reason is told, without a stack: %s',
    async (...args) => {
      const { code, err } = await veltrix(args, failing('ENOSPC'))
      expect({ code, err }).toEqual({ code: 1, err: 'error The output cannot be written: ENOSPC: write.\n' })
    },
  )
})

test('control characters of what a person gave do not reach the terminal', async () => {
  const { err } = await veltrix(['pub\u001B[2Jlish'])
  expect(err).toContain('pub\\u001b[2Jlish')
})
