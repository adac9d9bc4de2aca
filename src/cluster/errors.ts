/**
 * Errors of clusters on this machine.
 * @module
 */
import { VeltrixError } from '../errors.ts'

/** Thrown when a program that a cluster needs is not installed, is too old, or cannot be used here. */
export class ClusterToolMissing extends VeltrixError {
  readonly code = 'VLX_CLUSTER_TOOL_MISSING'
  readonly retryable = false
  /** Which program: `java`, `mvn`, `docker` or `sh`. */
  readonly tool: string
  constructor(tool: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.tool = tool
  }
}

/** Thrown when Kafka's jars cannot be fetched: no network, a repository that refuses, a full disk. */
export class ClusterDownloadFailed extends VeltrixError {
  readonly code = 'VLX_CLUSTER_DOWNLOAD'
  readonly retryable = true
  /** Where they were to be put. */
  readonly directory: string
  constructor(directory: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.directory = directory
  }
}

/** Thrown when something else listens on a port that a node of the cluster is to have. */
export class ClusterPortTaken extends VeltrixError {
  readonly code = 'VLX_CLUSTER_PORT_TAKEN'
  readonly retryable = false
  readonly port: number
  constructor(port: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.port = port
  }
}

/** Thrown when a broker (or ZooKeeper) ended, or did not answer in time, while it started. */
export class ClusterNodeFailed extends VeltrixError {
  readonly code = 'VLX_CLUSTER_NODE_FAILED'
  readonly retryable = false
  /** `broker 2`, or `ZooKeeper`. */
  readonly node: string
  /** What became of it: `ended while it started`. */
  readonly what: string
  /** Its whole log; undefined when it is gone with the cluster's temporary directory. */
  readonly logFile: string | undefined
  /** The log's last lines. */
  readonly lastLines: readonly string[]
  constructor(node: string, what: string, logFile: string | undefined, lastLines: readonly string[]) {
    const said = lastLines.length === 0 ? 'It logged nothing.' : `Its last lines:\n  ${lastLines.join('\n  ')}`
    super(`${node} ${what}. ${said}${logFile === undefined ? '' : `\nThe whole log: ${logFile}`}`)
    this.node = node
    this.what = what
    this.logFile = logFile
    this.lastLines = lastLines
  }
}

/** Thrown when a cluster is to come up in a directory where one is up already. */
export class ClusterAlreadyUp extends VeltrixError {
  readonly code = 'VLX_CLUSTER_UP'
  readonly retryable = false
  readonly directory: string
  /** Id of the process that keeps it. */
  readonly keeper: number
  constructor(directory: string, keeper: number) {
    super(
      `A cluster is up in ${directory} already (process ${keeper}). "veltrix cluster status" shows it, "veltrix cluster down" ends it; --directory has another one beside it.`,
    )
    this.directory = directory
    this.keeper = keeper
  }
}

/** Thrown when a cluster is to be steered that is not up. */
export class ClusterNotUp extends VeltrixError {
  readonly code = 'VLX_CLUSTER_DOWN'
  readonly retryable = false
  readonly directory: string
  constructor(directory: string) {
    super(`No cluster is up in ${directory}. Start it with "veltrix cluster up", or name its --directory.`)
    this.directory = directory
  }
}

/** Thrown when a directory holds a cluster that is not the one asked for: other brokers, with or without ZooKeeper or Docker. */
export class ClusterDiffers extends VeltrixError {
  readonly code = 'VLX_CLUSTER_DIFFERS'
  readonly retryable = false
  readonly directory: string
  constructor(directory: string, has: string, wanted: string) {
    super(
      `${directory} holds a cluster with ${has}, not ${wanted}. Bring it up as it is, remove it and its data with --fresh, or use another --directory.`,
    )
    this.directory = directory
  }
}
