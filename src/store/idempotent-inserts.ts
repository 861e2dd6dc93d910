/**
 * Accepting requests with idempotency keys: the keys, with what they are answered, are stored in the commit of the messages. So
 * a key is there exactly when its messages are, whoever dies when.
 */
import type { Sql } from 'postgres'
import { idempotencyMs } from '../domain/idempotency.ts'
import type { NewMessage } from '../domain/message.ts'
import { plainArray, textArray } from './array-literal.ts'
import {
  insertSelect,
  insertStatementName,
  messageArrays,
  messageColumns,
  messageParameters,
  withPartition,
} from './message-inserts.ts'
import { defineStatement } from './statement.ts'

export interface StoredAnswer {
  /** SHA-256 of what was asked. */
  readonly fingerprint: Uint8Array
  readonly status: number
  readonly response: string
}

export interface KeyedRequest extends StoredAnswer {
  /** Whose key it is: a customer's id, or 0. */
  readonly scope: number
  readonly key: string
  readonly messages: readonly NewMessage[]
}

/** Of an answer that is kept no longer. */
export const expiredKey = `now() - ${idempotencyMs} * interval '1 ms'`

/** Keys in order, so that two statements with the same keys wait for each other and not both ways. */
const insertStatement = defineStatement<{ taken: number; known: readonly number[] }>(
  `${insertStatementName}_keyed`,
  `WITH asked AS (
     SELECT * FROM unnest($12::int[], $13::bigint[], $14::text[], $15::text[], $16::int[], $17::text[])
       AS asked (request, scope, key, fingerprint, status, response)
   ), taken AS (
     INSERT INTO idempotency_keys AS known (scope, key, fingerprint, status, response)
     SELECT scope, key, decode(fingerprint, 'hex'), status, response FROM asked ORDER BY scope, key
     ON CONFLICT (scope, key) DO UPDATE
     SET fingerprint = excluded.fingerprint, status = excluded.status, response = excluded.response,
         created_at = excluded.created_at
     WHERE known.created_at < ${expiredKey}
     RETURNING scope, key
   ), first AS MATERIALIZED (
     SELECT asked.request FROM asked JOIN taken USING (scope, key)
   ), inserted AS (
     ${insertSelect('$11')}
     FROM unnest(${messageArrays}, $10::int[]) AS new (${messageColumns}, request)
     WHERE request IN (SELECT request FROM first)
   )
   SELECT (SELECT count(*)::int FROM first) AS taken, ARRAY_TO_JSON(ARRAY(
     SELECT request FROM asked WHERE request NOT IN (SELECT request FROM first))) AS known`,
)

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

/**
 * Commits the messages of those requests whose keys are new, with their keys, and answers for each request whether it was one of
 * them. No two of them may have the same key.
 */
export async function insertKeyed(
  sql: Sql,
  requests: readonly KeyedRequest[],
  validityMs: number,
): Promise<boolean[]> {
  const owners = requests.flatMap(({ messages }, index) => messages.map(() => index))
  const parameters = [
    ...messageParameters(requests.flatMap(({ messages }) => messages)),
    plainArray(owners),
    validityMs,
    plainArray(requests.map((_, index) => index)),
    plainArray(requests.map(({ scope }) => scope)),
    textArray(requests.map(({ key }) => key)),
    plainArray(requests.map(({ fingerprint }) => Buffer.from(fingerprint).toString('hex'))),
    plainArray(requests.map(({ status }) => status)),
    textArray(requests.map(({ response }) => response)),
  ]
  const [row] = await withPartition(sql, () => insertStatement(sql, parameters))
  if (row === undefined || row.taken + row.known.length !== requests.length) {
    throw new Error('every request has an outcome')
  }
  const known = new Set(row.known)
  return requests.map((_, index) => !known.has(index))
}

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
      { fingerprint: Buffer.from(fingerprint, 'hex'), status, response },
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
