/**
 * A publisher in a process of its own: events at a rate that does not depend on answers, each in the history when it is called for and when it
 * is answered. Told "stop" it waits for its answers and ends.
 * @module
 */
import { createInterface } from 'node:readline'
import { isVeltrixError, systemClock, veltrix } from '../../../src/index.ts'
import { kafka } from '../../../src/transport/kafka/index.ts'
import { randomOf } from '../../support/scenario.ts'
import type { LoadChange, PublisherOrders } from './children.ts'
import { placeOf } from './history/happening.ts'
import { Journal, machineTime } from './history/journal.ts'
import { withoutAcknowledgement } from './unacknowledged.ts'
import { drawStep, keyName, workload, type Mix } from './workload.ts'

const orders = JSON.parse(process.argv[2]!) as PublisherOrders
const { name, directory, brokers, app: appName, sessionMs, firstKey, keys, rate, seed, acks } = orders
const journal = new Journal(directory, name)
const transport = kafka({ brokers })
const app = veltrix(workload(appName, sessionMs), {
  transport: acks === 'none' ? withoutAcknowledgement(transport, brokers) : transport,
})
const random = randomOf(seed).fork(name)
const sequences = new Map<number, number>()
const answers = new Set<Promise<void>>()
let mix: Mix = orders.mix

function publishOne(): void {
  const key = firstKey + random.int(0, keys - 1)
  const sequence = sequences.get(key) ?? 0
  sequences.set(key, sequence + 1)
  const step = drawStep(random, key, sequence, mix)
  const id = `${keyName(key)}:${sequence}`
  journal.write({ what: 'publish', id, key: step.key, sequence })
  const answer = app.publish('step', step, { id }).then(
    ({ topic, partition, offset }) =>
      journal.write(
        acks === 'none' ? { what: 'acked', id } : { what: 'acked', id, at: placeOf(topic, partition), offset },
      ),
    (error: unknown) => {
      const code = isVeltrixError(error) ? error.code : String(error)
      journal.write({ what: code === 'VLX_PUBLISH_UNKNOWN' ? 'unknown' : 'failed', id, code })
    },
  )
  answers.add(answer)
  void answer.finally(() => answers.delete(answer))
}

let isOver = false
createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'stop') isOver = true
  else change(JSON.parse(line) as LoadChange)
})
// Whoever started it is gone.
process.stdin.on('end', () => process.exit(1))

await app.open()
console.log('ready')
let perSecond = rate
let startedAt = machineTime()
let published = 0
function change(to: LoadChange): void {
  if (to.mix !== undefined) mix = to.mix
  if (to.rate === undefined) return
  perSecond = to.rate
  startedAt = machineTime()
  published = 0
}

while (!isOver) {
  const due = ((machineTime() - startedAt) / 1_000) * perSecond
  for (; published < due; published++) publishOne()
  await new Promise<void>((resolve) => void systemClock.setTimer(5, resolve))
}
await Promise.all(answers)
await app.stop()
process.exit(0)
