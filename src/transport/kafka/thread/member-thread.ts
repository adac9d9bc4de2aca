/**
 * Entry of the member thread: memberships and their heartbeats are here, with connections of their own, so that a busy main thread does not
 * look dead to the group.
 * @module
 */
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../../clock.ts'
import { loadClient } from '../client.ts'
import { Cluster } from '../cluster.ts'
import type { CompiledOptions, KafkaSasl } from '../options.ts'
import { unpackRecords } from '../packed-records.ts'
import type { FromThread, MemberThreadStart, SecretName, ToThread } from '../protocol.ts'
import { toWire } from '../wire-errors.ts'
import { joinGroup } from './join-group.ts'
import { notMember, type Membership } from './membership.ts'

const port = parentPort!
const { options, clientId, asks } = workerData as MemberThreadStart
const members = new Map<number, Membership>()
const secrets = new Map<number, { resolve(value: string): void; reject(error: Error): void }>()
let lastAsk = 0

function push(message: FromThread): void {
  port.postMessage(message)
}

/** A secret that only a function of the main thread can give. */
function askFor(name: SecretName): Promise<string> {
  const ask = ++lastAsk
  push({ push: 'secret', ask, name })
  return new Promise((resolve, reject) => secrets.set(ask, { resolve, reject }))
}

function withSecrets(compiled: CompiledOptions): CompiledOptions {
  if (compiled.sasl === undefined || asks.length === 0) return compiled
  const asked = Object.fromEntries(asks.map((name) => [name, () => askFor(name)]))
  return { ...compiled, sasl: { ...compiled.sasl, ...asked } as KafkaSasl }
}

async function answer(id: number, work: Promise<unknown>): Promise<void> {
  try {
    await work
    push({ id })
  } catch (error) {
    push({ id, error: toWire(error) })
  }
}

function handle(message: ToThread, cluster: Cluster): void {
  switch (message.op) {
    case 'join':
      members.set(message.consumer, joinGroup(cluster, message, push))
      return
    case 'released':
      return members.get(message.consumer)?.released(message.partitions)
    case 'commit': {
      const member = members.get(message.consumer)
      return void answer(
        message.id,
        member?.commit(message.positions, message.records && unpackRecords(message.records)) ??
          Promise.reject(notMember()),
      )
    }
    case 'leave': {
      const member = members.get(message.consumer)
      members.delete(message.consumer)
      return void answer(message.id, member?.leave() ?? Promise.resolve())
    }
    case 'secret': {
      const waiting = secrets.get(message.ask)
      secrets.delete(message.ask)
      if (message.value === undefined) waiting?.reject(new Error(message.error))
      else waiting?.resolve(message.value)
      return
    }
    case 'close':
      return void close(message.id, cluster)
  }
}

async function close(id: number, cluster: Cluster): Promise<void> {
  await Promise.all([...members.values()].map((member) => member.leave()))
  members.clear()
  await cluster.close()
  push({ id })
  port.close()
}

const cluster = new Cluster(await loadClient(), withSecrets(options), systemClock, clientId)
port.on('message', (message: ToThread) => handle(message, cluster))
