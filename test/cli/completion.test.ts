import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { veltrix } from './fake-shell.ts'

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'veltrix-completion-'))
  for (const file of ['events.ndjson', 'event s.ndjson']) writeFileSync(join(directory, file), '')
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const installed = (shell: string): boolean => spawnSync(shell, ['-c', 'exit']).status === 0

async function script(shell: string): Promise<string> {
  const { code, out } = await veltrix(['completion', shell])
  expect(code).toBe(0)
  return out
}

describe('bash', () => {
  async function complete(...words: string[]): Promise<string[]> {
    const typed = words.map((word) => `'${word}'`).join(' ')
    const line = `COMP_WORDS=(${typed}); COMP_CWORD=${words.length - 1}; _veltrix; printf '%s\\n' "\${COMPREPLY[@]}"`
    const ran = spawnSync('bash', ['-c', `${await script('bash')}\n${line}`], { encoding: 'utf8', cwd: directory })
    expect(ran.stderr).toBe('')
    return ran.stdout.split('\n').filter(Boolean)
  }

  test.each([
    [['pu'], ['publish']],
    [
      ['dead', 're'],
      ['redrive', 'replace'],
    ],
    [['dead', 'redrive', '--dry'], ['--dry-run']],
    [['dead', 'list', '--cause', 'unr'], ['unrecoverable']],
    [['tail', '--no'], ['--no-follow']],
    // bash takes --cause=unr for three words.
    [['dead', 'list', '--cause', '=', 'unr'], ['unrecoverable']],
    [
      ['dead', 'list', '--kind', '='],
      ['dead', 'parked'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    // A subscription is no file.
    [['dead', 'list', ''], []],
    [
      ['publish', '--file', 'ev'],
      ['event s.ndjson', 'events.ndjson'],
    ],
  ])('%j', async (words, expected) => {
    expect((await complete('veltrix', ...words)).toSorted()).toEqual(expected.toSorted())
  })
})

test.each(['zsh', 'fish'])('%s names every command and flag', async (shell) => {
  const out = await script(shell)
  for (const word of ['publish', 'redrive', 'dry-run', 'no-follow', 'unrecoverable', 'bash zsh fish', 'version']) {
    expect(out).toContain(word)
  }
})

test('zsh takes a value also behind "="', async () => {
  const out = await script('zsh')
  expect(out).toContain(`'*--cause=[`)
  expect(out).toContain(`'*--dry-run[`)
})

test.skipIf(!installed('zsh'))('zsh reads its script (skipped where zsh is not installed)', async () => {
  const ran = spawnSync('zsh', ['-n'], { input: await script('zsh'), encoding: 'utf8' })
  expect(ran).toMatchObject({ status: 0, stderr: '' })
})

test.skipIf(!installed('fish'))('fish completes (skipped where fish is not installed)', async () => {
  writeFileSync(join(directory, 'veltrix.fish'), await script('fish'))
  const complete = (line: string): string[] => {
    const command = `source veltrix.fish; complete -C'${line}'`
    const ran = spawnSync('fish', ['--no-config', '-c', command], { encoding: 'utf8', cwd: directory })
    return ran.stdout.split('\n').filter(Boolean)
  }
  expect(complete('veltrix dead re')).toEqual(
    ['redrive', 'replace'].map((name) => expect.stringContaining(name) as unknown),
  )
  expect(complete('veltrix dead list --kind=p')).toEqual([expect.stringContaining('--kind=parked')])
  expect(complete('veltrix completion ')).toEqual(['bash', 'fish', 'zsh'])
  expect(complete('veltrix --v')).toEqual([expect.stringContaining('--version')])
})
