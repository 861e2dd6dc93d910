/** What can go wrong between the queue and Redis, in words that may be logged. */

/** Thrown by every function of the Redis queue. Its cause holds no command, and so no password. */
export class RedisQueueError extends Error {
  override readonly name = 'RedisQueueError'
}

/**
 * A copy with nothing but message and code. The driver hangs the failed command with all its arguments on an error,
 * and for AUTH these are the password.
 */
export function withoutCommand(error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error)
  const copy = new Error(message)
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? Object.assign(copy, { code }) : copy
}

/**
 * The stream or its consumer group is gone (Redis was flushed, or restarted empty). A reader that waits at that moment
 * hears `UNBLOCKED` from Redis 7.0 and `NOGROUP` from others.
 */
export function isGroupMissing(error: unknown): boolean {
  return hasCode(error, 'NOGROUP') || hasCode(error, 'UNBLOCKED')
}

export function isGroupPresent(error: unknown): boolean {
  return hasCode(error, 'BUSYGROUP')
}

export function isWrongType(error: unknown): boolean {
  return hasCode(error, 'WRONGTYPE')
}

/** The server is a replica: what was the primary has been demoted, and its name may lead elsewhere by now. */
export function isReadOnly(error: unknown): boolean {
  return hasCode(error, 'READONLY')
}

/** The driver's own errors for commands that found no connection, or lost it before their reply came. */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error.name === 'MaxRetriesPerRequestError' || error.name === 'AbortError') return true
  return (
    error.message === 'Connection is closed.' || error.message.startsWith("Stream isn't writeable")
  )
}

/** The server answers, and wants another password or user. */
export function isRedisRefusal(error: unknown): boolean {
  const said = error instanceof RedisQueueError ? error.cause : error
  return ['NOAUTH', 'WRONGPASS', 'NOPERM'].some((code) => hasCode(said, code))
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && error.message.startsWith(`${code} `)
}
