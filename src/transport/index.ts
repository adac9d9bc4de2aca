export type * from './transport.ts'
export type * from './topology.ts'
export { murmur2, partitionForKey } from './partition-for-key.ts'
export * from './errors.ts'
