/**
 * A gateway on Kafka in a process of its own, to be killed. Says `listening <url>`.
 * @module
 */
import { createGateway } from '../../src/gateway/index.ts'
import { veltrix } from '../../src/index.ts'
import { kafka } from '../../src/transport/kafka/index.ts'
import { shopAs } from './shop.ts'

const { name, brokers } = JSON.parse(process.argv[2]!) as { name: string; brokers: string[] }
const gateway = createGateway(veltrix(shopAs(name), { transport: kafka({ brokers }) }), { port: 0 })
process.stdout.write(`listening ${await gateway.start()}\n`)
