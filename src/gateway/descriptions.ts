/**
 * `/openapi.json` as text: made once for all who may see the same.
 * @module
 */
import type { CompiledConfig } from '../config/index.ts'
import { openApi, type Audience } from './openapi.ts'

/** Rights may be many. One that is asked for again is seldom the oldest. */
const maxKept = 16

export class Descriptions {
  readonly #config: CompiledConfig
  readonly #texts = new Map<string, string>()

  constructor(config: CompiledConfig) {
    this.#config = config
  }

  of(audience: Audience & Required<Pick<Audience, 'types'>>): string {
    const shown = JSON.stringify([audience.types.map(({ type }) => type), audience.shown ?? null])
    const known = this.#texts.get(shown)
    if (known !== undefined) return known
    const text = JSON.stringify(openApi(this.#config, audience))
    const [oldest] = this.#texts.keys()
    if (this.#texts.size === maxKept) this.#texts.delete(oldest!)
    this.#texts.set(shown, text)
    return text
  }
}
