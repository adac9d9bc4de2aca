/**
 * What a broker consists of, and where that is kept.
 * @module
 */
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Who looks after the cluster's metadata: the brokers themselves, or ZooKeeper (Kafka up to 3.9). */
export type ClusterKind = 'kraft' | 'zookeeper'

export type Environment = Readonly<Record<string, string | undefined>>

/** Kafka 3.9 is the last line that has a ZooKeeper mode; it brings ZooKeeper 3.8.4 along. */
export const kafkaVersions: Readonly<Record<ClusterKind, string>> = { kraft: '4.3.1', zookeeper: '3.9.1' }

/** The user's cache of this platform. */
function cacheDirectory(env: Environment): string {
  if (env['XDG_CACHE_HOME']) return env['XDG_CACHE_HOME']
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches')
  if (process.platform === 'win32') return env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local')
  return join(homedir(), '.cache')
}

/** Where the jars of `kind` are, or will be. */
export function jarsDirectory(kind: ClusterKind, env: Environment): string {
  return join(cacheDirectory(env), 'veltrix', 'brokers', `kafka-${kafkaVersions[kind]}`)
}

/** What Maven is to fetch. The binding writes what Kafka logs to standard output: without one a broker dies in silence. */
export function pomOf(kind: ClusterKind): string {
  const wanted = [
    ['org.apache.kafka', 'kafka_2.13', kafkaVersions[kind]],
    ['org.slf4j', 'slf4j-reload4j', '1.7.36'],
  ]
  const dependencies = wanted.map(
    ([group, artifact, version]) =>
      `    <dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`,
  )
  return [
    '<project xmlns="http://maven.apache.org/POM/4.0.0">',
    '  <modelVersion>4.0.0</modelVersion>',
    '  <groupId>veltrix</groupId><artifactId>broker</artifactId><version>1</version><packaging>pom</packaging>',
    '  <dependencies>',
    ...dependencies,
    '  </dependencies>',
    '</project>',
    '',
  ].join('\n')
}
