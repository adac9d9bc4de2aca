/**
 * The page's document names every module of the first screen, so that a browser asks for all at once instead of finding one behind the other.
 * @module
 */
import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { expect, test } from 'vitest'
import { vendorFiles } from '../../../src/dashboard/assets.ts'
import { readSource } from '../../support/architecture/source-file.ts'

const page = join(import.meta.dirname, '..', '..', '..', 'src', 'dashboard', 'page')

/** Addresses of what `main.ts` needs before it runs. */
function needed(): Set<string> {
  const found = new Set<string>()
  const visit = (path: string): void => {
    for (const { specifier, typeOnly, lazy } of readSource(path, readFileSync(join(page, path), 'utf8')).imports) {
      if (typeOnly || lazy || specifier === undefined) continue
      const target = posix.join(posix.dirname(path), specifier)
      const address = specifier.startsWith('.') ? `/page/${target}` : vendorFiles[specifier]!.path
      if (found.has(address)) continue
      found.add(address)
      if (specifier.startsWith('.')) visit(target)
    }
  }
  visit('main.ts')
  return found
}

test('the document names the modules of the first screen, and no other', () => {
  const html = readFileSync(join(page, 'index.html'), 'utf8')
  const named = [...html.matchAll(/<link rel="modulepreload" href="([^"]+)" \/>/g)].map((match) => match[1]!)
  expect(named.toSorted()).toEqual([...needed()].toSorted())
})
