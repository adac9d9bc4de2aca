/**
 * Running dead letters again. Who owns a partition owns its keys, so this happens in its owner and nowhere else: a letter runs through
 * its own handler, one event of a key at a time, and is never published to its topic again (other subscriptions would see it twice).
 * @module
 */
import { sleep, type Clock } from '../clock.ts'
import { errorStory, type DeadLetterIndex, type DeadReason, type IndexedLetter } from '../deadletter/index.ts'
import type { AppendRecord, LogRecord } from '../transport/index.ts'
import type { Item, KeyQueue } from './item.ts'
import type { LetterJournal } from './letter-journal.ts'
import type { PartitionWork } from './partition-work.ts'

export interface RedrivesOptions {
  readonly clock: Clock
  readonly index: DeadLetterIndex
  readonly journal: LetterJournal
  readonly signal: AbortSignal
  /** A letter of a parked key has ended, or is not to be run after all. */
  readonly review: (work: PartitionWork, queue: KeyQueue) => void
  /** Looks for everything that was asked for and does not run. */
  readonly resume: (work: PartitionWork) => void
  readonly wake: () => void
  readonly trouble: (doing: string, error: Error) => void
}

const retryMs = 500

export class Redrives {
  private readonly options: RedrivesOptions

  constructor(options: RedrivesOptions) {
    this.options = options
  }

  /** Puts a letter into its key's queue, to run like any event. */
  async run(work: PartitionWork, queue: KeyQueue, letter: IndexedLetter): Promise<void> {
    const { clock, review, resume, wake, trouble } = this.options
    const inQueue = queue.items.slice(queue.head).some((item) => item.letter?.id === letter.id)
    if (queue.loading) queue.passedOver = true
    if (queue.loading || inQueue) return
    queue.loading = true
    queue.passedOver = false
    try {
      const [asked, record] = await this.read(letter)
      if (asked) await this.enqueue(work, queue, asked, record)
    } catch (error) {
      trouble('run a dead letter again', error as Error)
      clock.setTimer(retryMs, () => resume(work), { unref: true })
      return
    } finally {
      queue.loading = false
      wake()
    }
    // It may have been ended by somebody meanwhile, and then it is another one's turn; or others were asked for.
    if (queue.parked) review(work, queue)
    else if (queue.passedOver) resume(work)
  }

  /** The letter as it is now, with its record; none when it is not to be run any more. */
  private async read(letter: IndexedLetter): Promise<[IndexedLetter | undefined, LogRecord]> {
    const { index } = this.options
    for (let known = letter; ;) {
      const record = await index.original(known)
      // What asked for it may have been read from the past, with its end not read yet; or its payload was replaced.
      await index.refresh()
      const now = this.askedFor(letter)
      if (now === undefined || now.deadOffset === known.deadOffset) return [now, record]
      known = now
    }
  }

  /** Under `continue`, a letter that was asked for joins its key's queue. */
  runIfAsked(work: PartitionWork, { id, key }: IndexedLetter): void {
    const letter = this.options.index.get(id)
    if (letter?.status === 'redriving' && !work.closing) void this.run(work, work.keyQueue(key), letter)
  }

  /** A letter that was run again has been handled. */
  handled(work: PartitionWork, item: Item, staged: readonly AppendRecord[]): void {
    const action = item.letter!.kind === 'parked' ? 'released' : 'redriven'
    this.end(work, item, this.options.journal.entry(action, item.letter!), staged)
  }

  /** A letter that was run again has failed for good again. */
  failed(work: PartitionWork, item: Item, reason: DeadReason, error: unknown): void {
    const told = { error: errorStory(error), attempts: item.attempts, failure: reason }
    this.end(work, item, this.options.journal.entry('redrive-failed', item.letter!, told))
  }

  /** The letter stays in its queue until the index knows how it ended, or it would be found to be asked for still. */
  private end(work: PartitionWork, item: Item, entry: AppendRecord, staged: readonly AppendRecord[] = []): void {
    const { journal } = this.options
    const ended = (): void => this.leave(work, item)
    const caughtUp = (): Promise<void> => this.catchUp()
    // What it published is stored together with the entry that says it was run: after a crash both are there or neither.
    if (staged.length > 0) journal.storeStaged(work, [entry, ...staged], ended, caughtUp)
    else journal.store(work, [entry], ended, caughtUp)
  }

  /** The letter's turn is over: it goes out of its queue. */
  leave(work: PartitionWork, item: Item): void {
    work.complete(item)
    if (item.queue.parked) this.options.review(work, item.queue)
    // It may have been asked for again while it was still in its queue, which passed the request over.
    else this.runIfAsked(work, item.letter!)
  }

  private async catchUp(): Promise<void> {
    const { index, clock, signal, trouble } = this.options
    for (;;) {
      try {
        return await index.refresh()
      } catch (error) {
        trouble('read dead letters', error as Error)
        await sleep(clock, retryMs, signal)
      }
    }
  }

  private async enqueue(work: PartitionWork, queue: KeyQueue, letter: IndexedLetter, record: LogRecord): Promise<void> {
    // Its last owner died, perhaps of it. Call it dead first: should it end this process too, it will not be run again unasked.
    if (work.lettersBegun.delete(letter.id)) await this.markCrashed(letter)
    if (!work.gone && !work.closing) work.enqueue(letterItem(queue, letter, record))
  }

  private askedFor({ id }: IndexedLetter): IndexedLetter | undefined {
    const letter = this.options.index.get(id)
    return letter?.status === 'redriving' || letter?.kind === 'parked' ? letter : undefined
  }

  private async markCrashed(letter: IndexedLetter): Promise<void> {
    const { journal } = this.options
    const failure = letter.kind === 'parked' ? 'crashed' : letter.reason
    await journal.append([journal.entry('redrive-failed', letter, { attempts: 0, failure })])
  }
}

function letterItem(queue: KeyQueue, letter: IndexedLetter, record: LogRecord): Item {
  return {
    offset: letter.origin.offset,
    queue,
    bytes: 0,
    record,
    done: false,
    attempts: 0,
    firstAttemptAt: 0,
    lastAttemptAt: 0,
    suspect: false,
    letter,
  }
}
