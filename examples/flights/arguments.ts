/**
 * The command line of the example.
 * @module
 */
import { parseArgs } from 'node:util'

export const usage = `npm run example -- flights [--limit n] [--json] [--break order|loss|twice]
  --limit n   only the first n records, 1 to 20000
  --json      the result as one JSON object
  --break …   publish something else than the file says, to see the checks fail`

const ways = ['order', 'loss', 'twice'] as const
const most = 20_000

export interface Options {
  readonly limit: number
  readonly json: boolean
  readonly how: (typeof ways)[number] | undefined
  readonly help: boolean
}

/** The command line says something that cannot be understood. */
export class UsageWrong extends Error {}

/** @throws UsageWrong */
export function optionsOf(args: readonly string[]): Options {
  const { limit, json, break: how, help } = valuesOf(args)
  if (!/^\d{1,6}$/.test(limit) || Number(limit) < 1 || Number(limit) > most) {
    throw new UsageWrong(`--limit cannot be "${limit}": give a whole number from 1 to ${most}.`)
  }
  const known = ways.find((way) => way === how)
  if (how !== undefined && known === undefined) {
    throw new UsageWrong(`--break cannot be "${how}": it is one of ${ways.join(', ')}.`)
  }
  return { limit: Number(limit), json, how: known, help }
}

function valuesOf(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        limit: { type: 'string', default: String(most) },
        json: { type: 'boolean', default: false },
        break: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    return values
  } catch (error) {
    throw new UsageWrong((error as Error).message, { cause: error })
  }
}
