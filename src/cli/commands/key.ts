/**
 * `veltrix key`
 * @module
 */
import { command } from '../command.ts'

export const key = command({
  summary: 'Make an API key for the gateway.',
  details: [
    'Prints the key, which is kept nowhere and cannot be shown again, and the line for the file of "veltrix gateway --access", which has its hash only. Write into the line what the key is to be allowed.',
  ],
  args: {
    id: { type: 'positional', required: true, description: 'Its public part: a-z, 0-9 and "-"' },
  },
  examples: [
    ['veltrix key till-7', 'A key, and its line for the access file'],
    ['veltrix key till-7 --json', '{"id":"till-7","key":"vlx_till-7.…","hash":"sha256:…"}'],
  ],
  async run({ args, out }) {
    const [{ createKey }, { UsageInvalid }] = await Promise.all([
      import('../../gateway/index.ts'),
      import('../errors.ts'),
    ])
    const id = args.id
    const made = attempt(() => createKey(id))
    if (made instanceof RangeError) throw new UsageInvalid(made.message)
    if (out.json) await out.result({ id, ...made })
    else {
      const rights = `rights: [{ verbs: ['publish'], types: ['…'], sources: ['/${id}'] }]`
      await out.lines(
        `Key, shown this once:  ${made.key}`,
        `For the access file:   keys: { '${id}': { hash: '${made.hash}', ${rights} } }`,
      )
    }
  },
})

function attempt<T>(make: () => T): T | RangeError {
  try {
    return make()
  } catch (error) {
    if (error instanceof RangeError) return error
    throw error
  }
}
