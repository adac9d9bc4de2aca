/**
 * Starts a cluster of one broker and says its process id; whoever started it kills it.
 * @module
 */
import { KafkaCluster } from '../support/kafka-cluster.ts'

const cluster = await KafkaCluster.start({ brokers: 1 })
console.log(`up ${cluster.pid(1)} ${cluster.directory}`)
