/**
 * What this browser remembers. A browser that forbids it forgets, and everything else works.
 * @module
 */
const prefix = 'veltrix.'

export function kept<T>(name: string, otherwise: T): T {
  try {
    const text = localStorage.getItem(prefix + name)
    return text === null ? otherwise : (JSON.parse(text) as T)
  } catch {
    return otherwise
  }
}

export function keep(name: string, value: unknown): void {
  try {
    localStorage.setItem(prefix + name, JSON.stringify(value))
  } catch {
    // Forbidden, or full.
  }
}
