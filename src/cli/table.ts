/**
 * Rows under headings, narrowed to the screen.
 * @module
 */
import { cells, fit } from './format.ts'
import type { Paint } from './paint.ts'

export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
  /** May be cut when the screen is narrow; the others keep their width. */
  readonly flexible?: boolean
  /** Left out, highest number first, when the screen is too narrow for all. */
  readonly dispensable?: number
}

export interface TableOptions {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly string[])[]
  /** Cells of the screen. Infinity does not narrow. */
  readonly width: number
  readonly paint: Paint
  /** Colours one cell, after it has its width. */
  readonly tint?: (cell: string, row: number, column: number) => string
}

const gap = 2
const narrowest = 6

/** The table's lines: headings, then a line per row. */
export function tableLines(options: TableOptions): string[] {
  const { columns, rows, paint } = options
  const natural = columns.map((column, index) =>
    Math.max(cells(column.title), ...rows.map((row) => cells(row[index] ?? ''))),
  )
  const kept = keptColumns(columns, natural, options.width)
  const widths = narrow(kept, columns, natural, options.width)
  const line = (row: readonly string[], tint: (cell: string, column: number) => string): string =>
    kept
      .map((column, place) => {
        const cell = fit(row[column] ?? '', widths[place]!, columns[column]!.align)
        return tint(place === kept.length - 1 ? cell.trimEnd() : cell, column)
      })
      .join(' '.repeat(gap))
  const titles = line(
    columns.map((column) => column.title),
    (cell) => paint.faint(cell),
  )
  const tint = options.tint ?? ((cell) => cell)
  return [titles, ...rows.map((row, index) => line(row, (cell, column) => tint(cell, index, column)))]
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + gap * Math.max(0, widths.length - 1)
}

function keptColumns(columns: readonly Column[], natural: readonly number[], width: number): number[] {
  const least = natural.map((size, index) => (columns[index]!.flexible ? Math.min(size, narrowest * 2) : size))
  let kept = columns.map((_, index) => index)
  const order = kept
    .filter((index) => columns[index]!.dispensable !== undefined)
    .sort((a, b) => columns[b]!.dispensable! - columns[a]!.dispensable!)
  for (const index of order) {
    if (total(kept.map((column) => least[column]!)) <= width) break
    kept = kept.filter((column) => column !== index)
  }
  return kept
}

function narrow(
  kept: readonly number[],
  columns: readonly Column[],
  natural: readonly number[],
  width: number,
): number[] {
  const widths = kept.map((column) => natural[column]!)
  for (let over = total(widths) - width; over > 0; over = total(widths) - width) {
    let widest = -1
    for (const [place, column] of kept.entries()) {
      if (columns[column]!.flexible && widths[place]! > narrowest && (widest < 0 || widths[place]! > widths[widest]!)) {
        widest = place
      }
    }
    if (widest < 0) break
    widths[widest]! -= Math.min(over, Math.max(1, widths[widest]! - narrowest))
  }
  return widths
}

/** Two columns, the first painted as a name: what `--help` and `show` print. The second wraps under itself. */
export function pairLines(
  pairs: readonly (readonly [string, string])[],
  width: number,
  paint: Paint,
  indent = 2,
): string[] {
  const left = Math.min(Math.max(0, ...pairs.map(([name]) => cells(name))), 34)
  return pairs.flatMap(([name, text]) => {
    const room = Math.max(20, width - indent - left - gap)
    const [first = '', ...more] = wrap(text, room)
    const blank = ' '.repeat(indent)
    const lead = cells(name) > left ? [blank + paint.name(name)] : []
    const opening = lead.length > 0 ? ' '.repeat(left) : paint.name(fit(name, left))
    const body = [`${blank}${opening}${' '.repeat(gap)}${first}`.trimEnd()]
    return [...lead, ...body, ...more.map((line) => blank + ' '.repeat(left + gap) + line)]
  })
}

/** Words in lines of at most `width` cells; a longer word (a path) goes on in the next line. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const last = lines.at(-1)
    if (last !== undefined && cells(last) + 1 + cells(word) <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(...pieces(word, width))
  }
  return lines
}

function pieces(word: string, width: number): string[] {
  if (cells(word) <= width) return [word]
  const parts = ['']
  for (const letter of word) {
    if (cells(parts.at(-1)! + letter) > width) parts.push('')
    parts[parts.length - 1] += letter
  }
  return parts.filter((part) => part !== '')
}
