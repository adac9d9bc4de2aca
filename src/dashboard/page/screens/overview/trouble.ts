/**
 * What needs somebody, in one line: dead letters, keys that stand still, breakers, pauses, answers of the gateway that refuse.
 * @module
 */
import type { LiveSecond } from '../../../api/index.ts'
import { count } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { href } from '../../router.ts'

export function Trouble({ seconds }: { seconds: readonly LiveSecond[] }): VNode {
  const states = Object.values(seconds.at(-1)?.subscriptions ?? {})
  const known = states.flatMap(({ deadLetters }) => deadLetters ?? [])
  const letters = known.length === 0 ? null : known.reduce((sum, each) => sum + each, 0)
  const parked = states.reduce((sum, { parkedKeys }) => sum + (parkedKeys ?? 0), 0)
  const open = states.filter(({ breaker }) => breaker === 'open').length
  const paused = states.filter((each) => each.paused).length
  const refused = seconds
    .slice(-60)
    .flatMap(({ gateway }) => Object.entries(gateway))
    .reduce((sum, [code, times]) => (code.startsWith('2') ? sum : sum + times), 0)
  const facts = [
    ['Dead letters', html`<a href=${href(['dead'])}>${count(letters)}</a>`, letters],
    ['Keys parked', count(parked), parked],
    ['Breakers open', count(open), open],
    ['Paused', count(paused), paused],
    ['Refused by the gateway, last minute', count(refused), refused],
  ] as const
  return html`<dl class="card trouble" aria-label="What needs somebody">
    ${facts.map(
      ([name, shown, value]) =>
        html`<div key=${name} class=${value ? 'some' : ''}>
          <dt>${name}</dt>
          <dd>${shown}</dd>
        </div>`,
    )}
  </dl>`
}
