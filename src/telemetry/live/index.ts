export { Histogram } from './histogram.ts'
export { Rate, RollingLatency } from './rolling.ts'
export { WaitingKeys } from './waiting-keys.ts'
