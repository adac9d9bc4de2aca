/**
 * The letters under a filter, read in pages of a thousand as they come into sight.
 * @module
 */
import { useEffect, useReducer, useRef } from 'preact/hooks'
import type { DeadLine, DeadPage, DeadQuery } from '../../../api/index.ts'
import { get, said, type Query } from '../../server.ts'
import { deadPath } from './chosen.ts'

const pageSize = 1_000

export interface Pages {
  readonly lines: readonly DeadLine[]
  /** Null until the first page is there. */
  readonly total: number | null
  readonly problem: string | null
  /** Changes when it is read anew. */
  readonly version: number
  /** Reads on, until there is a line at `index`. */
  want(index: number): void
  again(): void
}

interface Reading {
  lines: DeadLine[]
  total: number | null
  next: string | null
  wanted: number
  busy: boolean
  problem: string | null
  readonly ended: AbortController
}

export function usePages(subscription: string, filter: DeadQuery): Pages {
  const [, redraw] = useReducer((n: number) => n + 1, 0)
  const [version, bump] = useReducer((n: number) => n + 1, 0)
  const text = JSON.stringify([subscription, filter])
  const reading = useRef<Reading | null>(null)
  const shown = useRef<Reading | null>(null)
  useEffect(() => {
    const fresh: Reading = {
      lines: [],
      total: null,
      next: null,
      wanted: 1,
      busy: false,
      problem: null,
      ended: new AbortController(),
    }
    reading.current = fresh
    const read = async (): Promise<void> => {
      if (fresh.busy) return
      fresh.busy = true
      try {
        do {
          const query = { ...filter, after: fresh.next, limit: pageSize } as Query
          const page = await get<DeadPage>(deadPath(subscription), query, fresh.ended.signal)
          fresh.lines = [...fresh.lines, ...page.letters]
          fresh.total = page.total
          fresh.next = page.next
          // What was there before stays until there is something newer.
          shown.current = fresh
          redraw(0)
        } while (fresh.next !== null && fresh.lines.length < fresh.wanted)
      } catch (error) {
        if (fresh.ended.signal.aborted) return
        fresh.problem = said(error)
        shown.current = fresh
        redraw(0)
      } finally {
        fresh.busy = false
      }
    }
    wants.current = (index) => {
      if (index < fresh.lines.length || index < fresh.wanted - 1 || fresh.total === null) return
      fresh.wanted = index + 1
      if (fresh.next !== null) void read()
    }
    void read()
    return () => fresh.ended.abort()
  }, [text, version])
  const wants = useRef<(index: number) => void>(() => {})
  const now = shown.current
  return {
    lines: now?.lines ?? [],
    total: now?.total ?? null,
    problem: now?.problem ?? null,
    version,
    want: (index) => wants.current(index),
    again: () => bump(0),
  }
}
