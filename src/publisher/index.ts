export { Publisher, type PublisherOptions, type UntypedPublishItem } from './publisher.ts'
export { PublisherClosed, PublisherOverloaded, PublishUnknown } from './errors.ts'
