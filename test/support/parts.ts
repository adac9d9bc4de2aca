/**
 * Parts a test needs from the machine (a database server, a filesystem that can be made full).
 * On a developer's machine a missing part skips the test and says why; with CI=true it is a failure.
 * @module
 */
/** True where nothing may be missing. */
export const inCi = /^(1|true)$/i.test(process.env['CI'] ?? '')

/**
 * Skips the running test when `probe` gives the reason why `name` is missing; with CI=true throws instead.
 * @param probe gives undefined when the part is there, else one sentence saying what is missing
 */
export async function requirePart(
  context: { skip(reason: string): void },
  name: string,
  probe: () => string | undefined | Promise<string | undefined>,
  ci: boolean = inCi,
): Promise<void> {
  const reason = await probe()
  if (reason === undefined) return
  if (ci) throw new Error(`${name} is required with CI=true, and is missing: ${reason}`)
  console.warn(`skipped: ${name} is missing: ${reason}`)
  context.skip(`${name} is missing: ${reason}`)
}
