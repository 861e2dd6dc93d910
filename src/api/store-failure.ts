/** What a failed or refused write means for the client, and for the count of refusals. */
import { BatcherClosedError, BatcherFullError } from '../runtime/batcher.ts'
import { StaleValueError } from '../runtime/fresh-value.ts'
import type { DatabaseErrorKind } from '../store/database-errors.ts'
import type { RefusalReason } from './api-metrics.ts'
import { type Problem, passingProblem } from './problems.ts'

/** Classifies what the store threw. */
export type ClassifyDatabaseError = (error: unknown) => DatabaseErrorKind

/** The account of the customer has too little for what a request costs. */
export class InsufficientBalanceError extends Error {
  override readonly name = 'InsufficientBalanceError'
}

/** Why something is refused: for the client, and for the count. */
export interface Failure {
  readonly problem: Problem
  readonly reason: RefusalReason
}

const busyRetrySeconds = 1
const databaseRetrySeconds = 5

export const inFlightFull: Failure = {
  problem: passingProblem(
    'overloaded',
    'As much as may be under way is under way.',
    busyRetrySeconds,
  ),
  reason: 'in_flight_full',
}

const insufficientBalance: Failure = {
  problem: {
    kind: 'insufficient-balance',
    detail:
      'The balance and the credit of the account do not reach for this request: nothing of it was accepted.',
  },
  reason: 'balance',
}

/**
 * The problem for an error that the client can do something about: come back later, or change its data. Null for a defect of
 * ours.
 */
export function storeFailure(error: unknown, classify: ClassifyDatabaseError): Failure | null {
  if (error instanceof BatcherFullError) return inFlightFull
  if (error instanceof BatcherClosedError) {
    const problem = passingProblem('unavailable', 'The server is stopping.', busyRetrySeconds)
    return { problem, reason: 'stopping' }
  }
  if (error instanceof InsufficientBalanceError) return insufficientBalance
  if (error instanceof StaleValueError) {
    const detail = 'The database answers too slowly: nothing was changed.'
    return { problem: passingProblem('unavailable', detail, busyRetrySeconds), reason: 'database' }
  }
  const kind = classify(error)
  switch (kind) {
    case 'unavailable':
    case 'timeout': {
      // The server stopped the statement itself: nothing was stored. Without its answer nobody knows.
      const detail =
        kind === 'timeout'
          ? 'The database took too long, and stopped: nothing was changed.'
          : 'The database does not answer: whether the request was carried out is not known.'
      const problem = passingProblem('unavailable', detail, databaseRetrySeconds)
      return { problem, reason: 'database' }
    }
    case 'conflict': {
      const detail = 'The database was busy with the same rows.'
      const problem = passingProblem('unavailable', detail, busyRetrySeconds)
      return { problem, reason: 'database' }
    }
    case 'data': {
      const errors = [{ pointer: '', detail: 'holds a value that cannot be stored' }]
      const detail = 'The database refuses a value.'
      return { problem: { kind: 'invalid-request', detail, errors }, reason: 'invalid' }
    }
    case 'partition_missing': {
      const detail = 'The clock of this server, or of its database, is days off.'
      const problem = passingProblem('unavailable', detail, databaseRetrySeconds)
      return { problem, reason: 'database' }
    }
    case 'defect':
      return null
    default:
      return kind satisfies never
  }
}
