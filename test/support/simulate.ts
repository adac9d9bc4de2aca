/**
 * The simulation from the command line: `npm run simulate -- --seed 1234` tells one run in full,
 * `npm run simulate -- --seed 1 --count 5000` looks for a seed that breaks a promise.
 * @module
 */
import { parseArgs } from 'node:util'
import { lineOf } from './history.ts'
import { simulate, story } from './simulation.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '1' },
    all: { type: 'boolean', default: false },
  },
})
const first = Number(values.seed)
const count = Number(values.count)
let broken = 0
const startedAt = performance.now()
for (let seed = first; seed < first + count; seed++) {
  const result = await simulate(seed)
  if (count === 1) for (const entry of result.history) console.log(lineOf(entry))
  if (result.violations.length === 0) continue
  broken++
  console.log(
    count === 1 || !values.all
      ? story(result)
      : `seed ${seed}: ${result.violations[0]!.rule}: ${result.violations[0]!.text}`,
  )
  if (!values.all) break
}
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
console.log(
  `${count === 1 ? `Seed ${first}` : `Seeds from ${first}, ${count} at most`}: ${broken} broken, ${seconds} s`,
)
process.exitCode = broken > 0 ? 1 : 0
