export type * from './transport.ts'
export { murmur2, partitionForKey } from './partition-for-key.ts'
export * from './errors.ts'
