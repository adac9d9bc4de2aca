/**
 * One source file as the architecture test sees it: what it imports, the clock calls it makes, the names it declares.
 * @module
 */
import { parseSync } from 'oxc-parser'

export interface ImportNote {
  /** As written: `../config/index.ts`, `node:fs`, `citty`. Undefined when it is not a literal. */
  readonly specifier: string | undefined
  /** Nothing of it remains at run time. */
  readonly typeOnly: boolean
  /** `import()`: loaded later, when it is asked for. */
  readonly lazy?: boolean
  readonly line: number
}

export interface Place {
  readonly what: string
  readonly line: number
}

export interface SourceFile {
  /** Relative to the folder that was read, with `/`. */
  readonly path: string
  readonly lines: number
  readonly imports: readonly ImportNote[]
  /** Uses of the machine's own time or timers. */
  readonly time: readonly Place[]
  /** Names the file declares. */
  readonly names: readonly Place[]
  readonly syntaxErrors: readonly string[]
}

type Node = { type: string; start: number } & Record<string, unknown>

/** Reads `source`; never throws: what cannot be parsed is in `syntaxErrors`. */
export function readSource(path: string, source: string): SourceFile {
  const { program, errors } = parseSync(path, source)
  const imports: ImportNote[] = []
  const time: Place[] = []
  const names: Place[] = []
  const lineOf = lineCounter(source)
  walk(program as unknown as Node, (node) => {
    const line = lineOf(node.start)
    const found = importOf(node)
    if (found) imports.push({ ...found, line })
    const use = timeUse(node)
    if (use) time.push({ what: use, line })
    const name = declaredName(node)
    if (name) names.push({ what: name, line })
  })
  const lines = source.split('\n').length - (source.endsWith('\n') ? 1 : 0)
  return { path, lines, imports, time, names, syntaxErrors: errors.map((error) => error.message) }
}

function walk(node: Node, visit: (node: Node) => void): void {
  visit(node)
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, visit)
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'
}

function literal(node: unknown): string | undefined {
  return isNode(node) && node.type === 'Literal' && typeof node['value'] === 'string' ? node['value'] : undefined
}

function importOf(node: Node): Omit<ImportNote, 'line'> | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
      return { specifier: literal(node['source']), typeOnly: onlyTypes(node, 'importKind') }
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      return node['source']
        ? { specifier: literal(node['source']), typeOnly: onlyTypes(node, 'exportKind') }
        : undefined
    case 'ImportExpression':
      return { specifier: literal(node['source']), typeOnly: false, lazy: true }
    case 'TSImportType':
      return { specifier: literal(node['source']) ?? literal(node['argument']), typeOnly: true }
    case 'NewExpression':
      return besideThisFile(node)
    default:
      return undefined
  }
}

/** `import type …`, or every name in the braces marked `type`. */
function onlyTypes(node: Node, kind: 'importKind' | 'exportKind'): boolean {
  if (node[kind] === 'type') return true
  const named = (node['specifiers'] ?? []) as Node[]
  return named.length > 0 && named.every((one) => one[kind] === 'type')
}

/** `new URL('./thread.ts', import.meta.url)`: a file loaded by its place is an import too. */
function besideThisFile(node: Node): Omit<ImportNote, 'line'> | undefined {
  const [path, base] = node['arguments'] as (Node | undefined)[]
  const text = literal(path)
  if (nameOf(node['callee']) !== 'URL' || base?.type !== 'MemberExpression' || !text?.endsWith('.ts')) return undefined
  return { specifier: text, typeOnly: false }
}

function nameOf(node: unknown): string | undefined {
  return isNode(node) && node.type === 'Identifier' ? (node['name'] as string) : undefined
}

const timeMembers = new Set([
  'Date.now',
  'performance.now',
  'performance.timeOrigin',
  'process.hrtime',
  'process.uptime',
  'AbortSignal.timeout',
])
const timers = new Set(['setTimeout', 'setInterval', 'setImmediate'])

/** Which clock of the machine `node` reads or sets, if it does. */
function timeUse(node: Node): string | undefined {
  if (node.type === 'MemberExpression') {
    const object = nameOf(node['object'])
    const member = `${object === 'globalThis' ? '' : `${object}.`}${nameOf(node['property'])}`
    return timeMembers.has(member) || timers.has(member) ? member : undefined
  }
  if (node.type === 'CallExpression') {
    const callee = nameOf(node['callee'])
    return callee && (timers.has(callee) || callee === 'Date') ? callee : undefined
  }
  if (node.type === 'NewExpression' && nameOf(node['callee']) === 'Date') {
    return (node['arguments'] as unknown[]).length === 0 ? 'new Date()' : undefined
  }
  if (node.type === 'ImportDeclaration') {
    const specifier = literal(node['source'])
    return specifier?.startsWith('node:timers') ? specifier : undefined
  }
  return undefined
}

const declarations = new Set([
  'FunctionDeclaration',
  'ClassDeclaration',
  'VariableDeclarator',
  'TSInterfaceDeclaration',
  'TSTypeAliasDeclaration',
])

function declaredName(node: Node): string | undefined {
  return declarations.has(node.type) ? nameOf(node['id']) : undefined
}

/** Line (from 1) of an offset. */
function lineCounter(source: string): (offset: number) => number {
  const ends: number[] = []
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) ends.push(at)
  return (offset) => {
    let low = 0
    let high = ends.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (ends[middle]! < offset) low = middle + 1
      else high = middle
    }
    return low + 1
  }
}
