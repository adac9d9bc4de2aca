/** Writes docs/reference/telemetry.md from the table: `npx vitest run test/telemetry/metrics/reference.test.ts -u`. */
import { expect, test } from 'vitest'
import { labels, metrics, prometheusName, type MetricDefinition } from '../../../src/telemetry/metrics/index.ts'

const intro = `# Telemetry

What \`telemetry()\` of \`veltrix/otel\` measures, name by name. \`test/telemetry/metrics/reference.test.ts\` writes this page from the one table,
\`src/telemetry/metrics/names.ts\`. How to send it anywhere: [the guide](../guides/telemetry.md).

Names that begin with \`messaging.\` and \`http.\` are OpenTelemetry's semantic conventions; the others are Veltrix' own. Units are UCUM. The second
name is Prometheus'; labels there have \`_\` for \`.\`.

Most metrics tell what happened in one process: add them up over processes. Those marked **of the log** are read from the log and say the same
from every process: take the largest (the smallest of the delivery rate), not the sum. They are looked at every 15 s (\`lookEveryMs\`); where
the log cannot be read they are left out.

A gauge of a subscription that has not run in this process for 10 s is left out. So is what has never happened, but for counters that are
there from the start: published, consumed, parked, granted, slot-time, stalls, duplicates and id conflicts.

## What the numbers mean

- **Lag in seconds** (\`veltrix.lag.age\`) is the age of the oldest event that is not done, also the oldest one that waits. One record is read for
  it of each partition that has moved, at most 256 in a look; the others keep what was known. An event that waits for its next attempt is
  not done.
- **Delivery rate** (\`veltrix.delivery\`): of the events acknowledged in the five minutes that ended a minute ago, how many are handled by now.
  An unresolved dead letter is not handled. Without such events, and in the first minute, there is none.
- **Waiting time** is from the record's time-stamp, which the publisher's clock gave, to the start of the first attempt by the worker's clock.
- **Errors** are told by \`error.type\`: the code of an error of Veltrix, else its name; at most 40 of them in a process, then \`_OTHER\`.
- Events of another application in the same process are not counted, unless it has the same subscriptions and topics.

## Labels

`

function entry({ name, instrument, unit, description, labels: own, of, ...rest }: MetricDefinition): string {
  const bounds = 'bounds' in rest && rest.bounds ? ` Buckets up to ${rest.bounds.join(', ')}.` : ''
  const second = prometheusName({ name, instrument, unit, description, labels: own, of })
  const by = own.length === 0 ? 'No labels.' : `Labels: ${own.map((label) => `\`${label}\``).join(', ')}.`
  const shared = of === 'log' ? ', **of the log**' : ''
  return `### \`${name}\`\n\n${description}\n\n${instrument}, \`${unit}\`, \`${second}\`${shared}. ${by}${bounds}\n`
}

test('docs/reference/telemetry.md says what the table says', async () => {
  const list = Object.entries(labels).map(([name, values]) => `- \`${name}\`: ${values}\n`)
  const page = `${intro}${list.join('')}\n## Metrics\n\n${Object.values(metrics)
    .map((metric) => entry(metric as MetricDefinition))
    .join('\n')}`
  await expect(page).toMatchFileSnapshot('../../../docs/reference/telemetry.md')
})
