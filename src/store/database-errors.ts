/**
 * What a failed statement means for its caller. Total: an error that cannot be classified is `defect`.
 */

import { unansweredCode } from './pool.ts'

export type DatabaseErrorKind =
  /** No answer from the server, or it is starting, stopping, full, read-only: try again later. */
  | 'unavailable'
  /** The statement took too long and was stopped by the server: it had no effect. */
  | 'timeout'
  /** Deadlock or serialization: try again at once. */
  | 'conflict'
  /** A row has no partition to go to. */
  | 'partition_missing'
  /** The server refuses a value, or two that are in one statement: trying again cannot help. */
  | 'data'
  /** A bug of ours. */
  | 'defect'

/** Codes of ours, of the driver (postgres.js) and of sockets, where no SQLSTATE exists. */
const connectionCodes = new Set([
  unansweredCode,
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
])

/** By SQLSTATE (documentation, appendix A). */
export function databaseErrorKind(error: unknown): DatabaseErrorKind {
  const code = errorCode(error)
  if (code === undefined) return 'defect'
  if (connectionCodes.has(code)) return 'unavailable'
  if (code === '57014') return 'timeout'
  if (code === '40P01' || code === '40001' || code === '55P03') return 'conflict'
  if (code === '23514' && isPartitionMissing(error)) return 'partition_missing'
  // 08 connection, 25006 read-only, 53 resources, 57P shutting down or starting, 58 system, 3D000 database missing
  if (/^(08|53|58|57P|25006|3D000|28)/.test(code)) return 'unavailable'
  // 21 a row that a statement would have to change twice, 22 a value, 23 a constraint
  if (/^(21|22|23)/.test(code)) return 'data'
  return 'defect'
}

/**
 * The server answers a connection, and will not have it: SQLSTATE class 28 for the user, 3D000 for a database that is not there,
 * 42501 and 55000 for one that this user or nobody may connect to.
 */
export function isRefusal(error: unknown): boolean {
  return /^(28|3D000|42501|55000)/.test(errorCode(error) ?? '')
}

/** What was to be unique is there already, or came at the same time. */
export function isDuplicate(error: unknown): boolean {
  return errorCode(error) === '23505'
}

function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' ? code : undefined
}

function isPartitionMissing(error: unknown): boolean {
  return String((error as { message?: unknown }).message).includes('no partition of relation')
}
