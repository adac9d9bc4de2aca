/**
 * Asking several places, one after the other, until one answers. A place that is silent does not hold up the question: the next is asked
 * beside it.
 * @module
 */
import type { Clock, Timer } from '../../clock.ts'

export interface Question<Place, Answer> {
  ask(place: Place): Promise<Answer>
  /** This answer would be the same elsewhere: it ends the question. */
  isFinal(error: unknown): boolean
  /** No answer came in `patienceMs`. */
  silent(place: Place): void
}

/** What is thrown when every place failed. */
export class NoAnswer extends Error {
  readonly failures: readonly unknown[]
  constructor(failures: readonly unknown[]) {
    super('Nobody answers.')
    this.failures = failures
  }
}

/** @throws a final error; NoAnswer */
export function firstAnswer<Place, Answer>(
  clock: Clock,
  places: readonly Place[],
  patienceMs: number,
  question: Question<Place, Answer>,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const errors: unknown[] = []
  let [next, pending, isOver] = [0, 0, false]
  let timer: Timer | undefined
  const end = (settle: () => void): void => {
    isOver = true
    timer?.cancel()
    settle()
  }
  const failed = (error: unknown): void => {
    pending--
    errors.push(error)
    if (isOver) return
    if (question.isFinal(error)) end(() => reject(error as Error))
    else if (next < places.length) askNext()
    else if (pending === 0) end(() => reject(new NoAnswer(errors)))
  }
  const askNext = (): void => {
    timer?.cancel()
    const place = places[next++]!
    pending++
    question.ask(place).then((answer) => end(() => resolve(answer)), failed)
    timer = clock.setTimer(patienceMs, () => {
      question.silent(place)
      if (next < places.length) askNext()
    })
  }
  askNext()
  return promise
}
