/**
 * Entry of the reader thread: reads have a thread and a connection of their own, so that they never wait for an fsync.
 * @module
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { ReadAnswer, ReadAsk } from '../protocol.ts'
import { toWire } from '../wire-errors.ts'
import { Reader } from './reader.ts'
import { logError } from './sqlite-errors.ts'

const port = parentPort!
const { file } = workerData as { file: string }
let reader: Reader | undefined

port.on('message', (ask: ReadAsk | 'close') => {
  if (ask === 'close') {
    reader?.close()
    return port.close()
  }
  const transfer: ArrayBuffer[] = []
  const parts = ask.wants.map((want) => {
    try {
      reader ??= new Reader(file)
      const part = reader.read(want)
      for (const { bytes } of part.chunks) transfer.push(bytes.buffer as ArrayBuffer)
      return part
    } catch (error) {
      return { error: toWire(logError(error, file)) }
    }
  })
  port.postMessage({ id: ask.id, parts } satisfies ReadAnswer, transfer)
})
