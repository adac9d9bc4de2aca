/**
 * `veltrix topics`
 * @module
 */
import { appArg, command } from '../command.ts'

export const topics = command({
  summary: 'Show the topics of the app: partitions, leaders, copies in sync; and its groups: members, positions, lag.',
  details: [
    'One line for each partition; LAG and OLDEST are those of the subscription that is furthest behind. Leaders and copies are told where the log has them (Kafka). A partition whose copies are not all in sync, or that has no leader, is marked.',
  ],
  args: {
    topic: { type: 'positional', required: false, description: 'Only this topic (default: all)' },
    ...appArg,
  },
  examples: [
    ['veltrix topics', 'All topics, then groups'],
    ['veltrix topics checkout.orders.critical', 'One topic'],
    [
      'veltrix topics --json',
      '{"brokers","topics":[{"name","kind","partitions"}],"groups":[{"group","members","partitions"}]}',
    ],
  ],
  async run({ args, shell, out }) {
    const [{ withApp }, { lookAtTopics }, { topicsLines }, { oneOf }, { didYouMean }] = await Promise.all([
      import('../with-app.ts'),
      import('../../dashboard/index.ts'),
      import('../look/topics-lines.ts'),
      import('../values.ts'),
      import('../suggestion.ts'),
    ])
    return withApp(args.app, shell, async ({ app }) => {
      const view = await lookAtTopics(app, shell.clock)
      const { topic } = args
      const known = view.topics.map(({ name }) => name)
      if (topic !== undefined)
        oneOf(
          'topic',
          topic,
          known,
          didYouMean(topic, known, (found) => `"${found}"`),
        )
      const shown = { ...view, topics: view.topics.filter(({ name }) => name === (topic ?? name)) }
      if (out.json) await out.result(shown)
      else await out.lines(...topicsLines(shown, out))
    })
  },
})
