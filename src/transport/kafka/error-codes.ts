/**
 * Numbers of the errors in Kafka's answers, those that are treated differently from others. They are part of Kafka's protocol and
 * never change.
 * @module
 */

export const code = {
  none: 0,
  offsetOutOfRange: 1,
  unknownTopic: 3,
  messageTooLarge: 10,
  metadataTooLarge: 12,
  coordinatorLoading: 14,
  coordinatorNotAvailable: 15,
  notCoordinator: 16,
  recordListTooLarge: 18,
  notEnoughReplicas: 19,
  illegalGeneration: 22,
  inconsistentProtocol: 23,
  unknownMember: 25,
  invalidSessionTimeout: 26,
  rebalanceInProgress: 27,
  topicNotAuthorized: 29,
  groupNotAuthorized: 30,
  clusterNotAuthorized: 31,
  unsupportedSaslMechanism: 33,
  illegalSaslState: 34,
  unsupportedVersion: 35,
  topicExists: 36,
  invalidReplicationFactor: 38,
  notController: 41,
  outOfOrderSequence: 45,
  duplicateSequence: 46,
  invalidProducerEpoch: 47,
  invalidTransactionState: 48,
  invalidProducerIdMapping: 49,
  invalidTransactionTimeout: 50,
  concurrentTransactions: 51,
  operationNotAttempted: 55,
  storageError: 56,
  saslFailed: 58,
  unknownProducer: 59,
  groupIdNotFound: 69,
  memberIdRequired: 79,
  groupFull: 81,
  fencedInstanceId: 82,
  unstableOffsetCommit: 88,
  producerFenced: 90,
  fencedMemberEpoch: 110,
  unreleasedInstanceId: 111,
  staleMemberEpoch: 113,
  transactionAbortable: 120,
} as const

/** Somebody else leads the partition by now, or nobody at the moment: ask for the leaders again. */
const staleLeader = new Set<number>([3, 5, 6, 9, 56, 72, 74, 75, 78, 100, 103])
/** The broker says that nothing was stored, and that it may work later. */
const notStoredYet = new Set<number>([5, 6, 9, code.notEnoughReplicas, 56, 72, 74, 75, 89, 100, 103])
/** The group's coordinator is elsewhere, or not ready. */
const coordinatorMoved = new Set<number>([
  code.coordinatorLoading,
  code.coordinatorNotAvailable,
  code.notCoordinator,
  // A coordinator whose own partition lost its leader.
  6,
  7,
])
/** The group goes on to another epoch or generation, with this member or without it. */
const groupChanging = new Set<number>([code.staleMemberEpoch, code.illegalGeneration, code.rebalanceInProgress])
/** The group has gone on without this member. */
const gone = new Set<number>([code.unknownMember, code.fencedMemberEpoch, code.fencedInstanceId])
const notAuthorized = new Set<number>([29, 30, 31, 53])

export const isStaleLeader = (errorCode: number): boolean => staleLeader.has(errorCode)
export const isNotStoredYet = (errorCode: number): boolean => notStoredYet.has(errorCode)
export const isCoordinatorMoved = (errorCode: number): boolean => coordinatorMoved.has(errorCode)
export const isGroupChanging = (errorCode: number): boolean => groupChanging.has(errorCode)
export const isGone = (errorCode: number): boolean => gone.has(errorCode)
export const isNotAuthorized = (errorCode: number): boolean => notAuthorized.has(errorCode)
