import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { veltrix } from './fake-shell.ts'

test('bash completes commands, sub-commands, flags and choices', async () => {
  const { out } = await veltrix(['completion', 'bash'])
  const complete = (...words: string[]): string[] => {
    const line = `${out}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _veltrix; printf '%s\\n' "\${COMPREPLY[@]}"`
    const ran = spawnSync('bash', ['-c', line], { encoding: 'utf8' })
    expect(ran.stderr).toBe('')
    return ran.stdout.split('\n').filter(Boolean)
  }
  expect(complete('veltrix', 'p')).toEqual(['publish'])
  expect(complete('veltrix', 'dead', 're')).toEqual(['redrive'])
  expect(complete('veltrix', 'dead', 'redrive', '--dry')).toEqual(['--dry-run'])
  expect(complete('veltrix', 'dead', 'list', '--cause', 'unr')).toEqual(['unrecoverable'])
  expect(complete('veltrix', 'tail', '--no')).toEqual(['--no-follow'])
})

test.each(['zsh', 'fish'])('%s names every command and flag', async (shell) => {
  const { code, out } = await veltrix(['completion', shell])
  expect(code).toBe(0)
  for (const word of ['publish', 'redrive', 'dry-run', 'no-follow', 'unrecoverable']) expect(out).toContain(word)
})
