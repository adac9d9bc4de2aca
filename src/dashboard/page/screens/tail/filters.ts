/**
 * What the tail shows: type, key, and conditions in CEL. Each is a chip, all are in the address.
 * @module
 */
import { useState } from 'preact/hooks'
import { html, type VNode } from '../../html.ts'
import { go, hrefHere, useRoute } from '../../router.ts'
import { useSystem } from '../../system.ts'

export function TailFilters({ problem }: { problem: string | null }): VNode {
  const { streams, lanes } = useSystem()
  const { query } = useRoute()
  const [text, setText] = useState('')
  const filters = query.getAll('filter')
  const add = (event: Event): void => {
    event.preventDefault()
    const wanted = text.trim()
    if (wanted === '' || filters.includes(wanted)) return
    setText('')
    go(hrefHere({ filter: [...filters, wanted] }))
  }
  const choose = (name: string) => (event: Event) =>
    go(hrefHere({ [name]: (event.target as HTMLSelectElement).value || null }))
  const stream = query.get('stream')
  const types = streams.filter(({ name }) => stream === null || name === stream).flatMap((each) => each.types)
  return html`<section class="card filters" aria-label="Filters">
    <form class="filter-form" onSubmit=${add}>
      <${Choice}
        name="Stream"
        all="All streams"
        value=${stream}
        options=${streams.map(({ name }) => name)}
        choose=${choose('stream')}
      />
      <${Choice} name="Lane" all="All lanes" value=${query.get('lane')} options=${lanes} choose=${choose('lane')} />
      <${Choice}
        name="Type"
        all="All types"
        value=${query.get('type')}
        options=${types.map(({ type }) => type)}
        choose=${choose('type')}
      />
      <div class="field">
        <label for="tail-key">Key</label>
        <input
          id="tail-key"
          value=${query.get('key') ?? ''}
          onChange=${choose('key')}
          placeholder="any"
          spellcheck="false"
        />
      </div>
      <div class="field cel">
        <label for="tail-filter">Condition (CEL)</label>
        <div class="row">
          <input
            id="tail-filter"
            data-filter
            class="mono"
            value=${text}
            onInput=${(event: Event) => setText((event.target as HTMLInputElement).value)}
            placeholder="event.data.total > 100.0"
            spellcheck="false"
            autocomplete="off"
            aria-invalid=${problem !== null}
            aria-describedby="tail-problem"
          />
          <button type="submit">Add</button>
        </div>
      </div>
    </form>
    <div class="chips">
      ${filters.map(
        (filter) =>
          html`<span class=${`chip ${problem === null ? '' : 'wrong'}`} key=${filter}>
            <span><code>${filter}</code></span>
            <a
              href=${hrefHere({ filter: filters.filter((each) => each !== filter) })}
              aria-label=${`Take away the condition ${filter}`}
              >×</a
            >
          </span>`,
      )}
      <span class="bad" id="tail-problem" role="alert">${problem}</span>
    </div>
  </section>`
}

interface ChoiceProps {
  readonly name: string
  readonly all: string
  readonly value: string | null
  readonly options: readonly string[]
  readonly choose: (event: Event) => void
}

function Choice({ name, all, value, options, choose }: ChoiceProps): VNode {
  const id = `tail-${name.toLowerCase()}`
  return html`<div class="field">
    <label for=${id}>${name}</label>
    <select id=${id} value=${value ?? ''} onChange=${choose}>
      <option value="">${all}</option>
      ${options.map((each) => html`<option key=${each} value=${each} selected=${each === value}>${each}</option>`)}
    </select>
  </div>`
}
