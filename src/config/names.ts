/**
 * Names in the typed file: they become parts of topic and group names, so Kafka's rules hold for them.
 * @module
 */
import { joined, shown, type Problems } from './section.ts'

/** Longest name, in characters: three of them, with dots, stay below Kafka's 249 for a topic. */
export const maxNameLength = 64

const pattern = /^[a-z][a-z0-9-]*$/

/** Notes a problem and answers false when `name` cannot be the name of an app, lane, stream or subscription. */
export function checkName(name: unknown, path: string, problems: Problems): name is string {
  if (typeof name === 'string' && name.length <= maxNameLength && pattern.test(name)) return true
  problems.add(
    path,
    `${shown(name)} is not a name: it begins with a letter a-z and goes on with a-z, 0-9 and "-", at most ${maxNameLength} characters`,
  )
  return false
}

/** As {@link checkName}, for the name of an entry of `path`. */
export function checkEntryName(name: string, path: string, problems: Problems): boolean {
  return checkName(name, joined(path, name), problems)
}

/** @param version of the stream's topics: only from 2 on is it part of the name */
export function topicName(app: string, stream: string, lane: string, version = 1): string {
  return version === 1 ? `${app}.${stream}.${lane}` : `${app}.${stream}.v${version}.${lane}`
}
