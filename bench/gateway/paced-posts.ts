/**
 * Posts at an even pace, whatever the answers do: an open loop, so that a request that had to wait for its turn counts from its turn on.
 * @module
 */
import { Agent, request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { payload } from '../payload.ts'

export interface Paced {
  readonly url: string
  readonly type: string
  /** How ids begin. */
  readonly ids: string
  readonly perSecond: number
  readonly seconds: number
}

/** From each post's turn to its answer, milliseconds. @throws when one is not taken */
export async function pacedLatencies({ url, type, ids, perSecond, seconds }: Paced): Promise<readonly number[]> {
  const agent = new Agent({ keepAlive: true })
  const everyMs = 1_000 / perSecond
  const count = perSecond * seconds
  const startedAt = performance.now()
  const answers: Promise<number>[] = []
  while (answers.length < count) {
    const due = Math.min(count, Math.floor((performance.now() - startedAt) / everyMs))
    while (answers.length < due) {
      const turnAt = startedAt + (answers.length + 1) * everyMs
      const answered = post(agent, url, type, `${ids}-${answers.length}`)
      answers.push(answered.then(() => performance.now() - turnAt))
    }
    await wait(1)
  }
  const latencies = await Promise.all(answers)
  agent.destroy()
  return latencies
}

function post(agent: Agent, url: string, type: string, id: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const headers = {
    'content-type': 'application/json',
    'ce-specversion': '1.0',
    'ce-type': type,
    'ce-source': '/bench',
    'ce-id': id,
  }
  const asked = request(`${url}/events`, { method: 'POST', agent, headers }, (response) => {
    response.resume()
    response.once('end', () => {
      if (response.statusCode === 202) resolve()
      else reject(new Error(`${id} was answered with ${response.statusCode}.`))
    })
  })
  asked.once('error', reject)
  asked.end(JSON.stringify(payload(0)))
  return promise
}
