/**
 * `veltrix event`
 * @module
 */
import { appArg, command } from '../command.ts'
import { UsageInvalid } from '../errors.ts'

export const event = command({
  summary: 'Show one event: its payload, headers, story, and the neighbours of its key.',
  details: [
    'The story is what the log tells: stored, waiting, attempts that failed, done or dead, redriven. Times of single attempts are known to the process that made them (its dashboard shows them). Payload fields that the typed file calls secret or pii are masked.',
  ],
  args: {
    place: {
      type: 'positional',
      required: true,
      description: 'topic/partition/offset, as tail --json and dead list show it',
    },
    ...appArg,
  },
  examples: [
    ['veltrix event checkout.orders.critical/3/128', 'What became of it'],
    [
      'veltrix event checkout.orders.critical/3/128 --json',
      '{"line","event","headers","raw","bytes","story":[{"at","step","subscription","attempt","text"}],"trace","neighbours"}',
    ],
  ],
  async run({ args, shell, out }) {
    const place = placeOf(args.place)
    const [{ withApp }, { lookAtEvent }, { eventLines }] = await Promise.all([
      import('../with-app.ts'),
      import('../../dashboard/index.ts'),
      import('../look/event-lines.ts'),
    ])
    return withApp(args.app, shell, async ({ app }) => {
      const view = await lookAtEvent(app, place, shell.clock)
      if (out.json) await out.result(view)
      else await out.lines(...eventLines(view, out))
    })
  },
})

function placeOf(text: string): { topic: string; partition: number; offset: number } {
  const [, topic, partition, offset] = /^([^/]+)\/(\d{1,9})\/(\d{1,15})$/.exec(text) ?? []
  if (topic === undefined)
    throw new UsageInvalid(
      `"${text}" is no place of an event: write topic/partition/offset, as tail --json shows them.`,
    )
  return { topic, partition: Number(partition), offset: Number(offset) }
}
