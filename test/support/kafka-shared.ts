/**
 * One cluster for all test files of a run: it lives in Vitest's own process, is started by the first test that asks for it, and stopped at the
 * end of the run. This file is both Vitest's `globalSetup` and what tests ask with.
 * @module
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { KafkaCluster } from './kafka-cluster.ts'

const variable = 'VELTRIX_TEST_KAFKA'

/** Vitest calls this before the run; nothing is started yet. */
export async function setup(): Promise<() => Promise<void>> {
  let cluster: Promise<KafkaCluster> | undefined
  const server = createServer((_, response) => {
    cluster ??= KafkaCluster.start()
    cluster.then(
      ({ brokers }) => response.end(JSON.stringify({ brokers })),
      (error: Error) => response.end(JSON.stringify({ error: error.message })),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  process.env[variable] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return async () => {
    await end(server)
    await (await cluster?.catch(() => undefined))?.stop()
  }
}

/**
 * The brokers of the shared cluster, started when this is the first to ask. They are everybody's: who kills brokers starts a cluster of
 * its own.
 */
export async function sharedKafka(): Promise<string[]> {
  const answer = await fetch(process.env[variable]!)
  const { brokers, error } = (await answer.json()) as { brokers?: string[]; error?: string }
  if (brokers === undefined) throw new Error(`The Kafka cluster for tests: ${error}`)
  return brokers
}

function end(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => void server.close(() => resolve()))
}
