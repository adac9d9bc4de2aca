/**
 * What a person may allow a plan to do.
 * @module
 */
import type { ArgsDef } from 'citty'
import type { Allowances } from '../../topology/index.ts'

export const allowArgs = {
  'allow-delete': { type: 'boolean', description: 'Remove owned topics that left the typed file, with their events' },
  'allow-repartition': { type: 'boolean', description: 'Raise partitions in place, although keys move' },
  'allow-undrained': { type: 'boolean', description: 'Make topics of a new version while events of the old one wait' },
  'allow-breaking': {
    type: 'string',
    valueHint: 'type',
    description: 'Accept that the schema of this event breaks readers (may be given several times)',
  },
} as const satisfies ArgsDef

export function allowances(
  args: { readonly [Flag in keyof typeof allowArgs]?: unknown },
  every: (flag: string) => readonly string[],
): Allowances {
  return {
    delete: args['allow-delete'] === true,
    repartition: args['allow-repartition'] === true,
    undrained: args['allow-undrained'] === true,
    breaking: new Set(every('allow-breaking')),
  }
}
