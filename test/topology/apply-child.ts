/**
 * A process that applies and is killed (SIGKILL, by itself) right after its n-th step: before the ledger hears of the next.
 * Arguments: brokers, app, steps, plan file or nothing.
 */
import { readFileSync } from 'node:fs'
import { applied, openLog, shopConfig } from './kafka-shop.ts'

const [brokers = '', app = '', steps = '', options = '{}', file] = process.argv.slice(2)
const log = await openLog(brokers.split(','), `child-${steps}`)
const end = (): void => void process.kill(process.pid, 'SIGKILL')
await applied(log, shopConfig({ app, ...(JSON.parse(options) as object) }), {
  by: `child-${steps}`,
  ...(file !== undefined && { file: JSON.parse(readFileSync(file, 'utf8')) as never }),
  done: (_, count) => (count >= Number(steps) ? end() : undefined),
  moved: () => (Number(steps) === 0 ? end() : undefined),
})
await log.close()
