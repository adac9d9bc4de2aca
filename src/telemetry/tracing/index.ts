export { traceWith, type TracingOptions } from './trace-with.ts'
