/**
 * Filters of dead letters. Those that are set are chips, and all of them in the address.
 * @module
 */
import type { DeadQuery } from '../../../api/index.ts'
import { now } from '../../clock.ts'
import { dateTime } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { useSystem } from '../../system.ts'

interface Props {
  readonly filter: DeadQuery
  readonly narrow: (change: Readonly<Record<string, string | null>>) => void
}

const names: Readonly<Record<string, string>> = {
  group: 'Group',
  type: 'Type',
  key: 'Key',
  reason: 'Reason',
  kind: 'Kind',
  since: 'Since',
  until: 'Until',
  error: 'Error has',
}
const spans = [
  ['5', 'the last 5 minutes'],
  ['60', 'the last hour'],
  ['1440', 'the last day'],
] as const

export function LetterFilters({ filter, narrow }: Props): VNode {
  const { streams } = useSystem()
  const value = (event: Event): string | null => (event.target as HTMLInputElement).value.trim() || null
  const set = (name: string) => (event: Event) => narrow({ [name]: value(event) })
  const span = (event: Event): void => {
    const minutes = value(event)
    narrow({ since: minutes === null ? null : String(now() - Number(minutes) * 60_000), until: null })
  }
  const given = Object.entries(filter)
  return html`<section class="card filters" aria-label="Filters">
    <div class="letter-filters">
      <div class="field">
        <label for="dead-error">Error has</label>
        <input
          id="dead-error"
          data-filter
          value=${filter.error ?? ''}
          onChange=${set('error')}
          placeholder="timeout"
          spellcheck="false"
        />
      </div>
      <div class="field">
        <label for="dead-key">Key</label>
        <input id="dead-key" value=${filter.key ?? ''} onChange=${set('key')} placeholder="any" spellcheck="false" />
      </div>
      <div class="field">
        <label for="dead-type">Type</label>
        <select id="dead-type" value=${filter.type ?? ''} onChange=${set('type')}>
          <option value="">All types</option>
          ${streams.flatMap(({ types }) => types).map(({ type }) => html`<option key=${type} value=${type} selected=${type === filter.type}>${type}</option>`)}
        </select>
      </div>
      <div class="field">
        <label for="dead-kind">Kind</label>
        <select id="dead-kind" value=${filter.kind ?? ''} onChange=${set('kind')}>
          <option value="">Dead and parked</option>
          <option value="dead">Dead: failed itself</option>
          <option value="parked">Parked: waits behind one</option>
        </select>
      </div>
      <div class="field">
        <label for="dead-span">Time</label>
        <select id="dead-span" value=${filter.since === undefined ? '' : 'kept'} onChange=${span}>
          <option value="">Any time</option>
          ${filter.since !== undefined && html`<option value="kept">since ${dateTime(filter.since)}</option>`}
          ${spans.map(([minutes, text]) => html`<option key=${minutes} value=${minutes}>${text}</option>`)}
        </select>
      </div>
    </div>
    <div class="chips">
      ${given.map(
        ([name, is]) =>
          html`<span class="chip" key=${name}>
            <span>${names[name]}: ${typeof is === 'number' ? dateTime(is) : is}</span>
            <button aria-label=${`Take away ${names[name]}`} onClick=${() => narrow({ [name]: null })}>×</button>
          </span>`,
      )}
    </div>
  </section>`
}
