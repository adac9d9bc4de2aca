/**
 * The screens by the first part of the address.
 * @module
 */
import type { VNode } from './html.ts'
import { DeadLetters } from './screens/dead/dead-letters.ts'
import { Letter } from './screens/dead/letter.ts'
import { Event } from './screens/event/event.ts'
import { Flow } from './screens/flow/flow.ts'
import { Overview } from './screens/overview/overview.ts'
import { Send } from './screens/send/send.ts'
import { Tail } from './screens/tail/tail.ts'
import { Topics } from './screens/topics/topics.ts'

export interface Screen {
  readonly name: string
  readonly title: string
  /** Letter of its shortcut after `g`; none: it is reached from another screen. */
  readonly key?: string
  readonly draw: () => VNode
}

export const screens: readonly Screen[] = [
  { name: 'overview', title: 'Overview', key: 'o', draw: Overview },
  { name: 'flow', title: 'Flow', key: 'f', draw: Flow },
  { name: 'tail', title: 'Live tail', key: 'l', draw: Tail },
  { name: 'dead', title: 'Dead letters', key: 'd', draw: DeadLetters },
  { name: 'topics', title: 'Topics', key: 't', draw: Topics },
  { name: 'send', title: 'Send', key: 's', draw: Send },
]

const inner: readonly Screen[] = [
  { name: 'event', title: 'Event', draw: Event },
  { name: 'letter', title: 'Dead letter', draw: Letter },
]

export function screenOf(path: readonly string[]): Screen {
  return [...screens, ...inner].find(({ name }) => name === path[0]) ?? screens[0]!
}
