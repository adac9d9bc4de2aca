/**
 * What an app module may export beside its app, so that `veltrix dev` feeds it:
 *
 * ```ts
 * export default veltrix(config).handle(…)
 * export const scenario: Scenario = { traffic(app, signal) { … }, settled: () => true, summary: () => ({ lost: 0 }) }
 * ```
 *
 * `dev` starts the app, calls `traffic`, and at the end (`--for`, or a signal) aborts its signal, waits until `settled`
 * says that all it published has come to its end, drains the app, and puts what `summary` resolves to into its summary.
 * `--no-scenario` leaves it out.
 * @module
 */
import type { Note } from './view/snapshot.ts'

export interface Scenario<App = never> {
  /** Publishes until `signal` aborts, then resolves. Called once, after the app started. A rejection ends `dev` with its error. */
  traffic(app: App, signal: AbortSignal, tell: (text: string, kind?: Note['kind']) => void): Promise<void>
  /**
   * Whether everything published has come to its end (handled, or kept as a dead letter). Asked several times a second
   * after the traffic stopped. Left out: the lag of every subscription is waited for.
   */
  settled?(): boolean | Promise<boolean>
  /**
   * What it counted and checked itself, as JSON, called while the app still runs; fields replace those of the same name that `dev` counts
   * (`published`, `handled`, `deadLetters`, `lanes` …). `failed: true` makes the exit code 1.
   */
  summary?(): Record<string, unknown> | Promise<Record<string, unknown>>
}
