/**
 * What the commands of `veltrix cluster` have in common.
 * @module
 */
import type { ArgsDef } from 'citty'

/** Which cluster. */
export const directoryArg = {
  directory: {
    type: 'string',
    alias: 'd',
    valueHint: 'directory',
    description: 'Where the cluster lies (default: .veltrix/cluster)',
  },
} as const satisfies ArgsDef

/** Which broker. */
export const brokerArg = {
  broker: { type: 'positional', required: true, valueHint: 'id', description: 'Number of the broker: 1, 2, 3 …' },
} as const satisfies ArgsDef
