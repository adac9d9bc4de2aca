/**
 * An OTLP receiver: reads what is sent with the official .proto files beside it (https://github.com/open-telemetry/opentelemetry-proto,
 * Apache-2.0, unchanged).
 * @module
 */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import protobuf from 'protobufjs'

export interface ReceivedPoint {
  readonly attributes: Readonly<Record<string, string>>
  readonly startTimeUnixNano: string
  readonly timeUnixNano: string
  readonly asDouble?: number
  readonly asInt?: string
  readonly count?: string
  readonly sum?: number
  readonly scale?: number
  readonly bucketCounts?: readonly string[]
  readonly explicitBounds?: readonly number[]
  readonly positive?: { readonly offset?: number; readonly bucketCounts?: readonly string[] }
}

export interface ReceivedMetric {
  readonly name: string
  readonly unit: string
  readonly description: string
  readonly kind: 'gauge' | 'sum' | 'histogram' | 'exponentialHistogram'
  readonly temporality: string | undefined
  readonly isMonotonic: boolean | undefined
  readonly points: readonly ReceivedPoint[]
}

export interface ReceivedExport {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** As it came, compressed or not. */
  readonly bytes: number
  readonly resource: Readonly<Record<string, string>>
  readonly scope: { readonly name: string; readonly version: string }
  readonly metrics: readonly ReceivedMetric[]
}

export interface ReceivedSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly attributes: Readonly<Record<string, string>>
}

export interface ReceivedSpans {
  readonly headers: IncomingHttpHeaders
  readonly resource: Readonly<Record<string, string>>
  readonly spans: readonly ReceivedSpan[]
}

const requests = 'opentelemetry.proto.collector'

/** Listens on a free port until `close()`. */
export async function otlpReceiver() {
  const root = new protobuf.Root()
  root.resolvePath = (_from, target) => join(import.meta.dirname, target)
  await root.load([
    'opentelemetry/proto/collector/metrics/v1/metrics_service.proto',
    'opentelemetry/proto/collector/trace/v1/trace_service.proto',
  ])
  const metricsType = root.lookupType(`${requests}.metrics.v1.ExportMetricsServiceRequest`)
  const tracesType = root.lookupType(`${requests}.trace.v1.ExportTraceServiceRequest`)
  const exports: ReceivedExport[] = []
  const traces: ReceivedSpans[] = []
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const sent = Buffer.concat(chunks)
    const body = incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
    const { url: path = '', headers } = incoming
    const isTraces = path.endsWith('/v1/traces')
    const type = isTraces ? tracesType : metricsType
    const message = type.toObject(type.decode(body), { longs: String, enums: String, arrays: false }) as any
    if (isTraces) traces.push({ headers, ...readSpans(message) })
    else exports.push({ path, headers, bytes: sent.length, ...read(message) })
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exports,
    traces,
    close: () => {
      server.closeAllConnections()
      return new Promise<void>((resolve) => void server.close(() => resolve()))
    },
  }
}

function read(message: any): Pick<ReceivedExport, 'resource' | 'scope' | 'metrics'> {
  const [{ resource, scopeMetrics }] = message.resourceMetrics
  const ours = scopeMetrics.find((one: any) => one.scope.name === 'veltrix')
  return {
    resource: attributesOf(resource.attributes),
    scope: ours?.scope,
    metrics: (ours?.metrics ?? []).map(metricOf),
  }
}

function readSpans(message: any): Pick<ReceivedSpans, 'resource' | 'spans'> {
  const [{ resource, scopeSpans }] = message.resourceSpans
  const hex = (bytes: Uint8Array | undefined) => (bytes?.length ? Buffer.from(bytes).toString('hex') : undefined)
  return {
    resource: attributesOf(resource.attributes),
    spans: scopeSpans.flatMap(({ spans }: any) =>
      spans.map(({ name, traceId, spanId, parentSpanId, attributes }: any) => ({
        name,
        traceId: hex(traceId),
        spanId: hex(spanId),
        parentSpanId: hex(parentSpanId),
        attributes: attributesOf(attributes),
      })),
    ),
  }
}

function metricOf(metric: any): ReceivedMetric {
  const kind = (['gauge', 'sum', 'histogram', 'exponentialHistogram'] as const).find((name) => metric[name])!
  const data = metric[kind]
  return {
    name: metric.name,
    unit: metric.unit,
    description: metric.description,
    kind,
    temporality: data.aggregationTemporality,
    isMonotonic: data.isMonotonic,
    points: data.dataPoints.map((point: any) => ({ ...point, attributes: attributesOf(point.attributes) })),
  }
}

function attributesOf(attributes: readonly any[] = []): Record<string, string> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, String(Object.values(value)[0])]))
}
