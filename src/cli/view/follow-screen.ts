/**
 * What happens to a terminal while a frame is redrawn on it.
 * @module
 */
import type { Shell } from '../shell.ts'
import type { Redraw } from './redraw.ts'

/** Keeps the frame right through resizing and Ctrl-Z, and leaves a usable terminal when the process dies. Returns what undoes it. */
export function followScreen(redraw: Redraw, shell: Shell, show: () => void): () => void {
  const resized = (): void => {
    redraw.resized()
    show()
  }
  shell.stdout.on('resize', resized)
  const undo = [shell.onSuspend(() => redraw.end(), show), shell.onDeath(() => redraw.end())]
  return () => {
    shell.stdout.off('resize', resized)
    for (const each of undo) each()
  }
}
