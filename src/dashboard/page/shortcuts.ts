/**
 * Keys that work on every screen: `?` tells them, `g` and a letter goes to a screen, `/` to the first filter. Switched off, none does.
 * @module
 */
import { Cell } from './cell.ts'
import { kept, keep } from './kept.ts'
import { go, href } from './router.ts'
import { screens } from './screens.ts'

export const helpWanted = new Cell(false)
export const shortcutsOn = new Cell(kept('shortcuts', true))

export function setShortcuts(on: boolean): void {
  shortcutsOn.value = on
  keep('shortcuts', on)
}

/** Until the returned function is called. */
export function followShortcuts(): () => void {
  let begun = false
  const pressed = (event: KeyboardEvent): void => {
    if (!shortcutsOn.value || event.ctrlKey || event.metaKey || event.altKey || writes(event.target)) return
    // A dialog is answered before anything else.
    if (document.querySelector('dialog[open]')) return
    const screen = begun ? screens.find(({ key }) => key === event.key) : undefined
    begun = event.key === 'g'
    if (screen !== undefined) go(href([screen.name]))
    else if (event.key === '?') helpWanted.value = true
    else if (event.key === '/') focusFilter(event)
  }
  addEventListener('keydown', pressed)
  return () => removeEventListener('keydown', pressed)
}

function writes(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, select, textarea, [contenteditable]')
}

function focusFilter(event: KeyboardEvent): void {
  const filter = document.querySelector<HTMLInputElement>('[data-filter]')
  if (filter === null) return
  event.preventDefault()
  filter.focus()
}
