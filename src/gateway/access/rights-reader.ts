/**
 * Reading rights as they are written.
 * @module
 */
import { joined, meant, Section, shown, type CompiledConfig, type Problems } from '../../config/index.ts'
import { nearestName } from '../../event/index.ts'
import type { ClaimRight } from './tokens.ts'
import { verbs, type Right, type Verb } from './rights.ts'

const fields = ['verbs', 'types', 'sources']
const withSources: ReadonlySet<Verb> = new Set(['publish', 'tail', 'read-payload'])

export class RightsReader {
  readonly problems: Problems
  readonly #declared: ReadonlySet<string>

  /** @param events those of the typed file: a right for a type that it does not declare is a slip */
  constructor(problems: Problems, events: CompiledConfig['events']) {
    this.problems = problems
    this.#declared = new Set(events.keys())
  }

  /** The field `rights` of who is read in `section`. */
  rights(section: Section): readonly Right[] {
    return this.#each(section, fields).map((each) => this.#right(each))
  }

  /** The same of tokens, each with the claim it depends on. */
  claimRights(section: Section): readonly ClaimRight[] {
    return this.#each(section, ['claim', 'value', ...fields]).map((each) => {
      const claim = this.#texts(each, 'claim')
      const value = each.get('value')
      if (typeof value !== 'string' || value === '') each.wrong('value', `${shown(value)} is not text`)
      return { claim, value: String(value), right: this.#right(each) }
    })
  }

  #each(section: Section, known: readonly string[]): readonly Section[] {
    const list = section.list('rights') ?? []
    if (list.length === 0) section.wrong('rights', 'has none: nothing would be allowed')
    return list.map((each, nth) => new Section(each, `${joined(section.path, 'rights')}[${nth}]`, this.problems, known))
  }

  #right(section: Section): Right {
    const named = this.#texts(section, 'verbs')
    for (const verb of named) {
      if (!isVerb(verb)) section.wrong('verbs', `${shown(verb)} is not allowed${meant(verb, verbs)}`)
    }
    const found = named.filter(isVerb)
    const types = this.#texts(section, 'types')
    for (const type of types) this.#checkType(section, type)
    if (found.includes('read') && !types.includes('*')) {
      section.wrong(
        'types',
        'must be "*" with the verb "read": the dashboard shows what there is of every type, but for payloads',
      )
    }
    const needsSources = found.some((verb) => withSources.has(verb))
    const sources = needsSources || section.has('sources') ? this.#texts(section, 'sources') : []
    for (const source of sources) {
      if (source.slice(0, -1).includes('*')) section.wrong('sources', `${shown(source)} has a * before its end`)
    }
    return { verbs: found, types, sources }
  }

  #checkType(section: Section, type: string): void {
    const isPattern = type === '*' || type.endsWith('.*')
    const stem = isPattern ? type.slice(0, -1) : type
    if (stem.includes('*')) {
      section.wrong('types', `${shown(type)} is no pattern: * stands alone or after a last dot, as in "order.*"`)
    } else if (!isPattern && !this.#declared.has(type)) {
      const near = nearestName(type, [...this.#declared])
      section.wrong(
        'types',
        `the typed file does not declare ${shown(type)}${near ? `; did you mean ${shown(near)}?` : ''}`,
      )
    }
  }

  /** A text or a list of texts, at least one. */
  #texts(section: Section, name: string): readonly string[] {
    const value = section.get(name)
    const list = typeof value === 'string' ? [value] : section.list(name)
    if (list === undefined) return []
    const found = list.filter((each): each is string => typeof each === 'string' && each !== '')
    if (found.length < list.length) section.wrong(name, 'has something that is not text')
    if (list.length === 0) section.wrong(name, 'is missing: name what is allowed, or "*"')
    return found
  }
}

function isVerb(text: string): text is Verb {
  return (verbs as readonly string[]).includes(text)
}
