/**
 * The list of codes, the error classes and docs/errors.md say the same, in every direction.
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { errorCodes, VeltrixError } from '../src/errors.ts'

const root = join(import.meta.dirname, '..')

interface ErrorClass {
  readonly name: string
  readonly code: string
  readonly retryable: boolean
  readonly fields: readonly string[]
  readonly file: string
  /** The comment above the class. */
  readonly comment: string
}

/** Every error class of src, read from its source: no instance is needed. */
const classes = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .flatMap((path) => classesIn(path, readFileSync(join(root, 'src', path), 'utf8')))

function classesIn(file: string, source: string): ErrorClass[] {
  const pattern = /\/\*\*((?:(?!\*\/)[^])*)\*\/\nexport class (\w+) extends VeltrixError \{\n([^]*?)\n\}\n/g
  return [...source.matchAll(pattern)].map(([, comment = '', name = '', body = '']) => ({
    name,
    code: /readonly code = '(\w+)'/.exec(body)?.[1] ?? '',
    retryable: /readonly retryable = true\b/.test(body),
    fields: [...body.matchAll(/^ {2}readonly (\w+)\??: /gm)].map((match) => match[1]!),
    file,
    comment,
  }))
}

interface Section {
  readonly code: string
  readonly className: string
  readonly retryable: boolean
  readonly fields: readonly string[]
  readonly text: string
}

/** The sections of docs/errors.md. */
const sections: readonly Section[] = readFileSync(join(root, 'docs/errors.md'), 'utf8')
  .split(/^## /m)
  .slice(1)
  .map((text) => {
    const facts = /^`(\w+)` · retryable: (yes|no) · fields: (.*)$/m.exec(text)
    return {
      code: text.slice(0, text.indexOf('\n')).trim(),
      className: facts?.[1] ?? '',
      retryable: facts?.[2] === 'yes',
      fields: [...(facts?.[3] ?? '').matchAll(/`(\w+)`/g)].map((match) => match[1]!),
      text,
    }
  })

test('every class extending VeltrixError was found', () => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  )
  const declared = files.flatMap((path) => [
    ...readFileSync(join(root, 'src', path), 'utf8').matchAll(/class (\w+) extends VeltrixError/g),
  ])
  expect(classes.map(({ name }) => name).toSorted()).toEqual(declared.map((match) => match[1]!).toSorted())
})

test('every code has exactly one class, and every class a code of the list', () => {
  expect(classes.map(({ code }) => code).toSorted()).toEqual(errorCodes.toSorted())
})

test('every code has exactly one section in docs/errors.md, in the order of the list', () => {
  expect(sections.map(({ code }) => code)).toEqual([...errorCodes])
})

describe.each(classes)('$name', ({ name, code, retryable, fields, file, comment }) => {
  test('its comment says when it is thrown', () => {
    expect(comment).toMatch(/Thrown (BY a handler |\(or given[^)]*\) )?(when|to say)|Given as/)
  })

  test('the class that runs is the one that was read', async () => {
    const module = (await import(join(root, 'src', file))) as Record<string, { prototype: unknown }>
    expect(module[name]?.prototype).toBeInstanceOf(VeltrixError)
  })

  test('docs/errors.md tells its class, whether it is retryable, its fields, when and what to do', () => {
    const section = sections.find((one) => one.code === code)
    expect(section).toMatchObject({ className: name, retryable, fields })
    expect(section?.text).toMatch(/^\*\*When\*\* \S/m)
    expect(section?.text).toMatch(/^\*\*Do\*\* \S/m)
  })
})
