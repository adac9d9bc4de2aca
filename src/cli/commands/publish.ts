/**
 * `veltrix publish`
 * @module
 */
import { appArg, command } from '../command.ts'
import { UsageInvalid } from '../errors.ts'

export const publish = command({
  summary: 'Publish one event, or many from a file or stdin.',
  details: [
    'With a type and --data or --field one event is published. Otherwise events are read from --file, or from stdin: NDJSON, or one JSON array, each value {"type", "data"} with "id", "key", "lane", "time", "subject", "extensions" where wanted; the lines of "veltrix tail --json" fit. With a type, each value is the payload alone. Input is read as fast as the log takes it, never as a whole.',
    'An event that fails is told with its line; the others go on. Exit code 1 when any failed.',
  ],
  args: {
    type: { type: 'positional', required: false, description: 'The event type, as order.placed' },
    data: { type: 'string', alias: 'd', valueHint: 'json', description: 'The payload' },
    field: {
      type: 'string',
      valueHint: 'name=text',
      description: 'One field of the payload: name=text, or name:=json for other values; may be given several times',
    },
    file: { type: 'string', alias: 'f', valueHint: 'file', description: 'Read events from a file; "-" is stdin' },
    id: { type: 'string', description: 'Id of the event; publishing it again changes nothing' },
    key: { type: 'string', description: 'Key, instead of the one in the payload' },
    lane: { type: 'string', alias: 'l', description: 'Lane, instead of the declared one' },
    ...appArg,
  },
  examples: [
    [`veltrix publish order.placed --data '{"orderId":"o-1","total":12.5}'`, 'One event'],
    ['veltrix publish order.placed --field orderId=o-1 --field total:=12.5 --lane critical', 'The same from fields'],
    ['veltrix publish --file events.ndjson', 'Many events, each with its type'],
    ['cat orders.json | veltrix publish order.placed --file -', 'Payloads of one type from stdin'],
  ],
  async run({ args, every, shell, out }) {
    const single = args.data !== undefined || every('field').length > 0
    const file = args.file ?? (single || shell.stdin.isTTY === true ? undefined : '-')
    check(args.type, single, file, args.file, args.id)
    const [{ payloadOf }, { withApp }, { publishFile }] = await Promise.all([
      import('../input/publication.ts'),
      import('../with-app.ts'),
      import('../publish/file.ts'),
    ])
    const { id, key, lane } = args
    const given = Object.fromEntries(Object.entries({ id, key, lane }).filter(([, value]) => value !== undefined))
    const payload = payloadOf(args.data, every('field'))
    return withApp(args.app, shell, async ({ app }) => {
      if (file !== undefined) return publishFile(app, { file, type: args.type, given, shell, out })
      const result = await app.publish(args.type!, payload, given)
      if (out.json) await out.result(result)
      const { topic, partition, offset } = result
      const again = result.duplicate ? ' (it was there already)' : ''
      await out.lines(`${out.paint.good('published')} ${result.id} to ${topic}/${partition}@${offset}${again}`)
      return 0
    })
  },
})

function check(
  type: string | undefined,
  single: boolean,
  file: string | undefined,
  given: string | undefined,
  id: string | undefined,
): void {
  if (single && given !== undefined)
    throw new UsageInvalid('--file stands instead of --data and --field; give one or the other.')
  if (single && type === undefined) {
    throw new UsageInvalid(
      `<type> is missing: write it before the flags, as in veltrix publish order.placed --data '{…}'.`,
    )
  }
  if (!single && file === undefined) {
    throw new UsageInvalid(
      'There is nothing to publish: give a type with --data or --field, or events with --file or on stdin.',
    )
  }
  if (!single && id !== undefined)
    throw new UsageInvalid('--id is for one event; events of a file carry their own "id".')
}
