/**
 * The numbers of each second, as they come. After a lost connection the server tells its history again: what it knows of the time between
 * is drawn, and what it does not know stays a gap, never a zero.
 * @module
 */
import type { LiveHistory, LiveSecond, Mark } from '../api/index.ts'
import { Cell } from './cell.ts'
import { serverSays } from './clock.ts'
import { follow, type Link } from './event-stream.ts'
import { address } from './server.ts'

/** Seconds kept and drawn. */
export const windowSeconds = 300
const mostMarks = 200

export const link = new Cell<Link>({ state: 'connecting', problem: null, tries: 0 })
/** Oldest first. */
export const secondsSeen = new Cell<readonly LiveSecond[]>([])
export const marks = new Cell<readonly Mark[]>([])

/** Follows until the returned function is called. `back` is called when a lost connection is there again. */
export function followLive(back: () => void): () => void {
  let kept: readonly LiveSecond[] = []
  let lost = false
  const show = (): void => {
    if (!document.hidden) secondsSeen.value = kept
  }
  document.addEventListener('visibilitychange', show)
  const end = follow(
    address('live'),
    {
      link(next) {
        link.value = next
        if (next.state === 'open' && lost) back()
        lost = next.state === 'lost' || (lost && next.state !== 'open')
      },
      event(name, data) {
        if (name === 'second') {
          const second = data as LiveSecond
          serverSays(second.at)
          kept = withSeconds(kept, [second])
        } else if (name === 'history') {
          const history = data as LiveHistory
          kept = withSeconds(kept, history.seconds)
          marks.value = mergedMarks(marks.value, history.marks)
        } else if (name === 'mark') {
          marks.value = mergedMarks(marks.value, [data as Mark])
        }
        show()
      },
    },
    { silenceMs: 15_000 },
  )
  return () => {
    document.removeEventListener('visibilitychange', show)
    end()
  }
}

/** What was known with what is told now; where both have a second, the newer telling counts. */
export function withSeconds(known: readonly LiveSecond[], told: readonly LiveSecond[]): readonly LiveSecond[] {
  if (told.length === 0) return known
  const first = told[0]!.at
  const earlier = known.filter(({ at }) => at < first - 500)
  const oldest = told.at(-1)!.at - windowSeconds * 1000
  return [...earlier, ...told].filter(({ at }) => at >= oldest)
}

function mergedMarks(known: readonly Mark[], told: readonly Mark[]): readonly Mark[] {
  const all = new Map([...known, ...told].map((mark) => [`${mark.at} ${mark.kind} ${mark.text}`, mark]))
  return [...all.values()].toSorted((a, b) => a.at - b.at).slice(-mostMarks)
}
