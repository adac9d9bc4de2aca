export { lagCounts, laneLags, type LagCounts, type LaneLag } from './lanes.ts'
export {
  LagReader,
  type LagReaderOptions,
  type LagReport,
  type TimedLaneLag,
  type TimedPartitionLag,
} from './reader.ts'
export { partitionLags, type PartitionLag } from './partitions.ts'
export { DeliveryRates, type DeliveryOptions, type LaneDelivery, type OpenLetter } from './delivery.ts'
