/**
 * `veltrix init`
 * @module
 */
import { command } from '../command.ts'

export const init = command({
  summary: 'Make a starter project that runs.',
  details: [
    'Writes package.json, veltrix.config.ts, veltrix.app.ts, tsconfig.json, .gitignore and README.md. Files that exist already are never overwritten: then nothing is written at all.',
  ],
  args: {
    directory: {
      type: 'positional',
      required: false,
      description: 'Where (default: asked for, or the current directory)',
    },
    name: { type: 'string', description: 'Name of the app: a-z, 0-9 and "-" (default: that of the directory)' },
    yes: { type: 'boolean', alias: 'y', description: 'Do not ask' },
  },
  examples: [
    ['veltrix init shop', 'Ask for what is not given'],
    ['veltrix init shop --yes && cd shop && npm install && npm start', 'Without questions, and run it'],
  ],
  async run({ args, shell, out }) {
    const [{ answers }, { writeStarter }] = await Promise.all([
      import('../starter/ask.ts'),
      import('../starter/write.ts'),
    ])
    const given = await answers({ directory: args.directory, name: args.name, yes: args.yes === true }, shell)
    if (given === undefined) {
      out.note('Nothing was written.')
      return 1
    }
    const files = await writeStarter(given.directory, given.name)
    const { shown } = await import('../app-module.ts')
    const place = shown(given.directory, shell.cwd)
    if (out.json) await out.result({ directory: given.directory, name: given.name, files })
    else {
      await out.lines(
        `${out.paint.good('made')} ${files.join(', ')} in ${place}`,
        '',
        'Next:',
        ...(given.directory === shell.cwd ? [] : [`  cd ${place}`]),
        '  npm install',
        '  npm start',
      )
    }
    return 0
  },
})
