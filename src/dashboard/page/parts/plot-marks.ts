/**
 * What happened, as upright lines with a word on a plot.
 * @module
 */
import type uPlot from 'uplot'
import type { Mark } from '../../api/index.ts'
import { colourOf } from '../lanes.ts'

const bad = new Set<Mark['kind']>(['fault', 'breaker'])

/** Lines for all that are in sight; words where there is room for them. */
export function paintMarks(plot: uPlot, marks: readonly Mark[]): void {
  const { ctx, bbox } = plot
  const ratio = devicePixelRatio
  const { min = 0, max = 0 } = plot.scales['x']!
  ctx.save()
  ctx.font = `${11 * ratio}px ${getComputedStyle(document.body).fontFamily}`
  ctx.textBaseline = 'bottom'
  ctx.textAlign = 'left'
  let free = bbox.left
  for (const { at, kind, text } of marks) {
    if (at / 1000 < min || at / 1000 > max) continue
    const x = Math.round(plot.valToPos(at / 1000, 'x', true))
    ctx.strokeStyle = ctx.fillStyle = colourOf(bad.has(kind) ? '--bad-line' : '--muted')
    ctx.lineWidth = ratio
    ctx.setLineDash([4 * ratio, 3 * ratio])
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    const word = text.length > 28 ? `${text.slice(0, 27)}…` : text
    const width = ctx.measureText(word).width
    const right = bbox.left + bbox.width
    // At the right edge it stands before its line.
    const left = x + width > right ? right - width : x
    if (left < free) continue
    ctx.fillText(word, left, bbox.top - 4 * ratio)
    free = left + width + 8 * ratio
  }
  ctx.restore()
}
