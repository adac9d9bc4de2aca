/**
 * The screens by the first part of the address.
 * @module
 */
import type { VNode } from './html.ts'
import { onDemand } from './on-demand.ts'
import { Overview } from './screens/overview/overview.ts'

export interface Screen {
  readonly name: string
  readonly title: string
  /** Letter of its shortcut after `g`; none: it is reached from another screen. */
  readonly key?: string
  readonly draw: () => VNode
  /** Asks for its modules ahead. */
  readonly fetch?: () => Promise<void>
}

export const screens: readonly Screen[] = [
  { name: 'overview', title: 'Overview', key: 'o', draw: Overview },
  { name: 'flow', title: 'Flow', key: 'f', ...onDemand(async () => (await import('./screens/flow/flow.ts')).Flow) },
  {
    name: 'tail',
    title: 'Live tail',
    key: 'l',
    ...onDemand(async () => (await import('./screens/tail/tail.ts')).Tail),
  },
  {
    name: 'dead',
    title: 'Dead letters',
    key: 'd',
    ...onDemand(async () => (await import('./screens/dead/dead-letters.ts')).DeadLetters),
  },
  {
    name: 'topics',
    title: 'Topics',
    key: 't',
    ...onDemand(async () => (await import('./screens/topics/topics.ts')).Topics),
  },
  { name: 'send', title: 'Send', key: 's', ...onDemand(async () => (await import('./screens/send/send.ts')).Send) },
]

const inner: readonly Screen[] = [
  { name: 'event', title: 'Event', ...onDemand(async () => (await import('./screens/event/event.ts')).Event) },
  { name: 'letter', title: 'Dead letter', ...onDemand(async () => (await import('./screens/dead/letter.ts')).Letter) },
]

export function screenOf(path: readonly string[]): Screen {
  return [...screens, ...inner].find(({ name }) => name === path[0]) ?? screens[0]!
}

/** One after another, so that nothing that is asked for now waits for them. Where it fails, it is asked for when it is needed. */
export async function fetchScreens(): Promise<void> {
  for (const { fetch } of [...screens, ...inner]) await fetch?.().catch(() => undefined)
}
