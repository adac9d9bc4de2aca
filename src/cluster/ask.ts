/**
 * Asking the process that keeps a cluster.
 * @module
 */
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { ClusterNodeFailed, ClusterNotUp } from './errors.ts'
import type { Answer, KeeperStatus, Question } from './questions.ts'
import { controlPath } from './socket-path.ts'

/** What keeps the cluster of `directory`; undefined when none is up there. */
export async function findKeeper(directory: string): Promise<KeeperStatus | undefined> {
  try {
    return (await ask(directory, { ask: 'status' })) ?? undefined
  } catch (error) {
    if (error instanceof ClusterNotUp) return undefined
    throw error
  }
}

/**
 * Asks, and waits for the answer for as long as it takes.
 * @throws ClusterNotUp when nobody listens, ClusterNodeFailed when a broker did not come up, RangeError when there is no such broker
 */
export async function ask(directory: string, question: Question): Promise<KeeperStatus | null> {
  const line = await exchange(controlPath(directory), `${JSON.stringify(question)}\n`)
  if (line === undefined) {
    // Its keeper ended without an answer, which is what was asked for.
    if (question.ask === 'down') return null
    throw new ClusterNotUp(directory)
  }
  if (line === nobody) throw new ClusterNotUp(directory)
  const said = JSON.parse(line) as Answer
  if ('answer' in said) return said.answer
  throw asError(said.error)
}

const nobody = Symbol('nobody listens')

/** Undefined when the other side went away without a word. */
function exchange(path: string, line: string): Promise<string | typeof nobody | undefined> {
  return new Promise((resolve, reject) => {
    let connected = false
    const socket = connect(path, () => {
      connected = true
      socket.write(line)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (connected) resolve(undefined)
      else if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(nobody)
      else reject(error)
    })
    const lines = createInterface({ input: socket })
    lines.once('line', resolve)
    // The stream's own trouble is told by the socket.
    lines.on('error', () => undefined)
    socket.on('close', () => resolve(undefined))
  })
}

function asError({ code, message, node, what, logFile, lastLines }: Record<string, unknown>): Error {
  if (code === 'VLX_CLUSTER_NODE_FAILED') {
    return new ClusterNodeFailed(
      String(node),
      String(what),
      logFile as string | undefined,
      (lastLines ?? []) as readonly string[],
    )
  }
  return new RangeError(String(message))
}
