/**
 * Events kept in this browser, to send them again.
 * @module
 */
import { useState } from 'preact/hooks'
import type { SendRequest } from '../../../api/index.ts'
import { html, type VNode } from '../../html.ts'
import { keep, kept } from '../../kept.ts'
import { useSystem } from '../../system.ts'

interface Sample {
  readonly name: string
  readonly request: SendRequest
}

const most = 50

export function Samples({ request, load }: { request: SendRequest; load: (request: SendRequest) => void }): VNode {
  const place = `samples.${useSystem().app}`
  const [samples, setSamples] = useState<readonly Sample[]>(() => kept<Sample[]>(place, []))
  const [name, setName] = useState('')
  const store = (next: readonly Sample[]): void => {
    setSamples(next)
    keep(place, next)
  }
  const add = (event: Event): void => {
    event.preventDefault()
    const wanted = name.trim() || request.type
    store([{ name: wanted, request }, ...samples.filter((each) => each.name !== wanted)].slice(0, most))
    setName('')
  }
  return html`<section class="card stack tight">
    <h2>Samples</h2>
    <form class="row" onSubmit=${add}>
      <label class="grow"
        ><span class="hidden">Name of the sample</span
        ><input
          value=${name}
          placeholder=${request.type}
          onInput=${(event: Event) => setName((event.target as HTMLInputElement).value)}
      /></label>
      <button type="submit">Keep this one</button>
    </form>
    ${
      samples.length === 0
        ? html`<p class="muted small">None yet. They are kept in this browser only.</p>`
        : html`<ul class="stack tight">
            ${samples.map(
              (sample) =>
                html`<li key=${sample.name} class="row">
                  <button class="plain grow sample" onClick=${() => load(sample.request)}>
                    ${sample.name} <span class="muted">${sample.request.type}</span>
                  </button>
                  <button
                    class="plain"
                    aria-label=${`Forget ${sample.name}`}
                    onClick=${() => store(samples.filter((each) => each !== sample))}
                  >
                    ×
                  </button>
                </li>`,
            )}
          </ul>`
    }
  </section>`
}
