/**
 * Entry of the log thread: everything that writes, waits for a disk or talks to other processes happens here, so that
 * the main thread never does.
 * @module
 */
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../../clock.ts'
import type { CompiledOptions } from '../options.ts'
import type { Request } from '../protocol.ts'
import { Station } from './station.ts'

const port = parentPort!
const { options, clientId } = workerData as { options: CompiledOptions; clientId: string }
const station = new Station(options, clientId, systemClock, (message, transfer) =>
  port.postMessage(message, transfer ?? []),
)

port.on('message', (request: Request) => {
  if (request.op !== 'close') return station.handle(request)
  station.close()
  port.postMessage({ id: request.id, answer: undefined })
  port.close()
})
void station.search(true)
