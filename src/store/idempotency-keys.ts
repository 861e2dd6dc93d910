/**
 * Idempotency keys, each with what its request was answered. They are stored in the commit of its messages (`whole-inserts.ts`, `request-inserts.ts`): a key
 * is there exactly when its messages are, whoever dies when.
 */
import type { Sql } from 'postgres'
import { idempotencyMs } from '../domain/idempotency.ts'
import type { NewMessage } from '../domain/message.ts'
import { plainArray, textArray } from './array-literal.ts'
import { defineStatement } from './statement.ts'

export interface StoredAnswer {
  /** SHA-256 of what was asked, in hexadecimal digits. */
  readonly fingerprint: string
  readonly status: number
  readonly response: string
}

export interface KeyedRequest extends StoredAnswer {
  /** Whose key it is: a customer's id, or 0. */
  readonly scope: number
  readonly key: string
  readonly messages: readonly NewMessage[]
}

/** With a key, or without: then it is always the first. */
export type AcceptableRequest =
  | KeyedRequest
  | { readonly key: null; readonly messages: readonly NewMessage[] }

/** Of an answer that is kept no longer. */
export const expiredKey = `now() - ${idempotencyMs} * interval '1 ms'`

const findStatement = defineStatement<{
  request: number
  fingerprint: string
  status: number
  response: string
}>(
  'idempotency_keys.find',
  `SELECT asked.request, encode(known.fingerprint, 'hex') AS fingerprint, known.status, known.response
   FROM unnest($1::int[], $2::bigint[], $3::text[]) AS asked (request, scope, key)
   JOIN idempotency_keys known USING (scope, key)
   WHERE known.created_at >= ${expiredKey}`,
)

/** What is stored under each key; null where there is nothing, or what is too old to be answered. */
export async function findKeyed(
  sql: Sql,
  keys: readonly Pick<KeyedRequest, 'scope' | 'key'>[],
): Promise<(StoredAnswer | null)[]> {
  const rows = await findStatement(sql, [
    plainArray(keys.map((_, index) => index)),
    plainArray(keys.map(({ scope }) => scope)),
    textArray(keys.map(({ key }) => key)),
  ])
  const found = new Map(
    rows.map(({ request, fingerprint, status, response }) => [
      request,
      { fingerprint, status, response },
    ]),
  )
  return keys.map((_, index) => found.get(index) ?? null)
}

/** Keys removed in one statement. */
export const keysRemovedMax = 5_000

const removeStatement = defineStatement<{ removed: number }>(
  'idempotency_keys.remove',
  `WITH old AS (
     SELECT scope, key FROM idempotency_keys WHERE created_at < ${expiredKey}
     ORDER BY created_at LIMIT ${keysRemovedMax} FOR UPDATE SKIP LOCKED
   ), removed AS (
     DELETE FROM idempotency_keys known USING old
     WHERE known.scope = old.scope AND known.key = old.key RETURNING 1
   )
   SELECT count(*)::int AS removed FROM removed`,
)

/** Forgets answers that are older than they are kept; `keysRemovedMax` at most. Answers how many it was. */
export async function removeOldKeys(sql: Sql): Promise<number> {
  return (await removeStatement(sql, []))[0]?.removed ?? 0
}
