/**
 * `veltrix completion`
 * @module
 */
import { command } from '../command.ts'
import type { ProgramWords } from '../completion/words.ts'
import { UsageInvalid } from '../errors.ts'
import { didYouMean } from '../suggestion.ts'

const shells = ['bash', 'zsh', 'fish']

export const completion = command({
  summary: 'Print a completion script for bash, zsh or fish.',
  args: {
    shell: { type: 'positional', required: true, valueHint: shells.join('|'), description: 'bash, zsh or fish' },
  },
  examples: [
    ['source <(veltrix completion bash)', 'bash, in ~/.bashrc'],
    ['source <(veltrix completion zsh)', 'zsh, in ~/.zshrc after compinit'],
    ['veltrix completion fish > ~/.config/fish/completions/veltrix.fish', 'fish'],
  ],
  async run({ args, out }) {
    if (!shells.includes(args.shell)) {
      const hint = didYouMean(args.shell, shells)
      throw new UsageInvalid(
        `There is no completion for "${args.shell}".${hint} There is one for ${shells.join(', ')}.`,
      )
    }
    const [{ programWords }, { program }] = await Promise.all([
      import('../completion/words.ts'),
      import('../program.ts'),
    ])
    const words = await programWords(program)
    const script = await scriptFor(args.shell, words)
    if (out.json) await out.result({ shell: args.shell, script })
    else await out.lines(script.trimEnd())
  },
})

async function scriptFor(shell: string, words: ProgramWords): Promise<string> {
  if (shell === 'bash') return (await import('../completion/bash.ts')).bashScript(words)
  if (shell === 'zsh') return (await import('../completion/zsh.ts')).zshScript(words)
  return (await import('../completion/fish.ts')).fishScript(words)
}
