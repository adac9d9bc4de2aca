/**
 * `veltrix/testing`: tests of applications.
 * @module
 */
export { testApp, TestApp, type TestAppOptions } from './test-app.ts'
export { TestClock } from './test-clock.ts'
export { VirtualClock, type RunLimits, type VirtualClockOptions } from './clock.ts'
export type { Match, Outcome, WaitOptions } from './spy.ts'
export { NotSeen } from './errors.ts'
