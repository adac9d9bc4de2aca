/**
 * Runs one command of `npm test` with its output shown as it comes.
 * @module
 */
import { spawn } from 'node:child_process'

export interface Step {
  readonly name: string
  /** Command and arguments; the command is looked up in node_modules/.bin by npm's PATH. */
  readonly command: readonly string[]
  /** What to do when it fails. */
  readonly mend: string
}

export interface StepResult {
  readonly name: string
  readonly passed: boolean
  readonly durationMs: number
}

/** Runs `step` in `cwd`. A command that cannot be started counts as failed. */
export function runStep(step: Step, cwd: string, env: NodeJS.ProcessEnv = process.env): Promise<StepResult> {
  const started = performance.now()
  const [command = '', ...args] = step.command
  console.log(`\n── ${step.name}: ${step.command.join(' ')}`)
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: 'inherit' })
    const stop = (): boolean => child.kill('SIGINT')
    process.once('SIGTERM', stop)
    const finish = (passed: boolean): void => {
      process.removeListener('SIGTERM', stop)
      const durationMs = performance.now() - started
      console.log(`── ${step.name}: ${passed ? 'passed' : `FAILED. ${step.mend}`} (${seconds(durationMs)})`)
      resolve({ name: step.name, passed, durationMs })
    }
    child.on('error', (error) => {
      console.error(String(error))
      finish(false)
    })
    child.on('exit', (code) => finish(code === 0))
  })
}

/** Milliseconds as seconds with one decimal, for people. */
export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
