export { actualOf, type Actual } from './actual.ts'
export { nothingAllowed, type Abilities, type Allowances } from './allowances.ts'
export {
  blockedIn,
  stepsOf,
  summaryOf,
  type Blocked,
  type Change,
  type Plan,
  type Step,
  type Warning,
} from './change.ts'
export { desiredOf, ledgerTopic, nameSpace, type Desired, type DesiredTopic } from './desired.ts'
export * from './errors.ts'
export type { Ledger, OwnedTopic } from './ledger.ts'
export { plan } from './plan.ts'
export { parsePlanFile, planFile, type PlanFile } from './plan-file.ts'
export { apply, planFor, type Applied, type ApplyOptions, type Planned, type PlanOptions } from './apply.ts'
export { aclArguments, aclGrants, aclRoles, type AclGrant, type AclRole } from './acls.ts'
export { brokerWarnings } from './broker-checks.ts'
