/**
 * Light, dark, or as the system has it. Kept in this browser.
 * @module
 */
import { Cell } from './cell.ts'
import { kept, keep } from './kept.ts'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

function stored(): Theme {
  const value = kept<string>('theme', 'system')
  return themes.find((theme) => theme === value) ?? 'system'
}

export const theme = new Cell<Theme>(stored())
const darkSystem = matchMedia('(prefers-color-scheme: dark)')
/** Changes with every change of colours: plots are painted, and must be painted again. */
export const dark = new Cell(isDark())

function isDark(): boolean {
  return theme.value === 'dark' || (theme.value === 'system' && darkSystem.matches)
}

export function applyTheme(): void {
  document.documentElement.dataset['theme'] = theme.value
  dark.value = isDark()
}

export function setTheme(next: Theme): void {
  theme.value = next
  keep('theme', next)
  applyTheme()
}

darkSystem.addEventListener('change', applyTheme)
