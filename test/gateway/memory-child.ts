/**
 * A gateway in a process of its own, whose log takes nothing until it is told to: for `bounded-memory.test.ts`.
 * Says `listening <url>`, and after the line `go` lets events be stored; after `peak` says `peak <bytes>`, the most it ever held resident.
 * @module
 */
import { createInterface } from 'node:readline'
import { createGateway } from '../../src/gateway/index.ts'
import { compile } from '../../src/config/index.ts'
import { shop } from './shop.ts'

const { promise, resolve } = Promise.withResolvers<void>()
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const stored = { offset: 0, partition: 0, topic: '', id: '', duplicate: false }
const gateway = createGateway(
  {
    config: compile(shop),
    open: () => Promise.resolve(undefined as never),
    // The event is kept until then, as a publisher would.
    publish: (_type, data) => promise.then(() => ({ ...stored, data })),
    publishMany: (items) => promise.then(() => items.map((data) => ({ ...stored, ok: true, data }))),
  },
  { port: 0, logStallMs: 600_000, ...(JSON.parse(process.argv[2]!) as object) },
)
createInterface(process.stdin).on('line', (line) => {
  if (line === 'go') resolve()
  if (line === 'peak') say(`peak ${process.resourceUsage().maxRSS * 1024}`)
})
say(`listening ${await gateway.start()}`)
say(`peak ${process.resourceUsage().maxRSS * 1024}`)
