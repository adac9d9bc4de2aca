/**
 * What the inbox needs of a Postgres client. `pg`'s Pool fits; nothing here imports it.
 * @module
 */

export interface PostgresResult {
  readonly rows: readonly unknown[]
  readonly rowCount?: number | null
  /** Command tag, e.g. `COMMIT`. */
  readonly command?: string
}

export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<PostgresResult>
  /** Gives it back; with an error (or true) it is thrown away. */
  release(error?: Error | boolean): void
  /** A connection that is cut says so in an event, and an event nobody listens to ends the process. */
  on?(event: 'error', listener: (error: Error) => void): unknown
  removeListener?(event: 'error', listener: (error: Error) => void): unknown
}

export interface PostgresPool<Client extends PostgresClient> {
  connect(): Promise<Client>
}
