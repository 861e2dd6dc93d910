/** API keys. For administration; the API looks them up many at a time. */
import type { Sql } from 'postgres'
import type { Scope } from '../domain/api-key.ts'
import { plainArray, textArray } from './array-literal.ts'
import { defineStatement } from './statement.ts'

export interface ApiKey {
  readonly prefix: string
  /** Null: of staff, for all customers. */
  readonly customerId: number | null
  readonly scopes: readonly Scope[]
  readonly note: string | null
  readonly createdAt: Date
  readonly expiresAt: Date | null
  readonly revokedAt: Date | null
  /** As of a minute ago at least. Null: it was not used. */
  readonly lastUsedAt: Date | null
}

export interface NewApiKey extends Pick<ApiKey, 'prefix' | 'customerId' | 'scopes' | 'note'> {
  /** SHA-256 of the whole key. */
  readonly hash: Uint8Array
  readonly expiresAt: Date | null
}

/** What a request's credentials are checked against. */
export interface KnownKey {
  readonly hash: Uint8Array
  readonly customerId: number | null
  readonly scopes: readonly Scope[]
  /** Why it may not be used, when it was read; by PostgreSQL's clock. */
  readonly refusal: 'revoked' | 'expired' | 'customer_disabled' | null
}

interface KeyRow {
  [column: string]: unknown
  prefix: string
  customer_id: string | null
  scopes: Scope[]
  note: string | null
  created_at: Date
  expires_at: Date | null
  revoked_at: Date | null
  last_used_at: Date | null
}

/** The driver reads no arrays. */
const keyColumns =
  'prefix, customer_id, to_json(scopes) AS scopes, note, created_at, expires_at, revoked_at, last_used_at'

const createKeyStatement = defineStatement<KeyRow>(
  'api_keys.create',
  `INSERT INTO api_keys (prefix, hash, customer_id, scopes, note, expires_at)
   SELECT $1::text, decode($2::text, 'hex'), $3::bigint, $4::text[], $5::text, $6::timestamptz
   WHERE $3::bigint IS NULL OR EXISTS (SELECT 1 FROM customers WHERE id = $3::bigint)
   RETURNING ${keyColumns}`,
)

/** Null when there is no such customer. */
export async function createApiKey(sql: Sql, key: NewApiKey): Promise<ApiKey | null> {
  const [row] = await createKeyStatement(sql, [
    key.prefix,
    Buffer.from(key.hash).toString('hex'),
    key.customerId,
    plainArray(key.scopes),
    key.note,
    key.expiresAt?.toISOString() ?? null,
  ])
  return row === undefined ? null : toKey(row)
}

const rotateStatement = defineStatement<KeyRow>(
  'api_keys.rotate',
  `WITH old AS (
     SELECT prefix, customer_id, scopes, note, expires_at FROM api_keys
     WHERE prefix = $1::text AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
     FOR UPDATE
   ), ended AS (
     UPDATE api_keys SET expires_at = least(old.expires_at, now() + $4::bigint * interval '1 ms')
     FROM old WHERE api_keys.prefix = old.prefix
   )
   INSERT INTO api_keys (prefix, hash, customer_id, scopes, note, expires_at)
   SELECT $2::text, decode($3::text, 'hex'), customer_id, scopes, note, expires_at FROM old
   RETURNING ${keyColumns}`,
)

/**
 * A new key with what the old one may do, for as long as it may; the old one ends after `overlapMs`. Both in one commit.
 * @returns null when there is no such key in force
 */
export async function rotateApiKey(
  sql: Sql,
  prefix: string,
  successor: Pick<NewApiKey, 'prefix' | 'hash'>,
  overlapMs: number,
): Promise<ApiKey | null> {
  const hash = Buffer.from(successor.hash).toString('hex')
  const [row] = await rotateStatement(sql, [prefix, successor.prefix, hash, overlapMs])
  return row === undefined ? null : toKey(row)
}

const revokeStatement = defineStatement<KeyRow>(
  'api_keys.revoke',
  `UPDATE api_keys SET revoked_at = coalesce(revoked_at, now())
   WHERE prefix = $1::text RETURNING ${keyColumns}`,
)

/** For good. Null when there is no such key. */
export async function revokeApiKey(sql: Sql, prefix: string): Promise<ApiKey | null> {
  const [row] = await revokeStatement(sql, [prefix])
  return row === undefined ? null : toKey(row)
}

const listKeysStatement = defineStatement<KeyRow>(
  'api_keys.list',
  `SELECT ${keyColumns} FROM api_keys
   WHERE ($1::bigint IS NULL OR customer_id = $1::bigint) AND prefix > $2::text
   ORDER BY prefix LIMIT $3::int`,
)

/** By prefix, those after `afterPrefix`; at most `limit`. @param customerId null: of all, and of staff */
export async function listApiKeys(
  sql: Sql,
  customerId: number | null,
  afterPrefix: string,
  limit: number,
): Promise<ApiKey[]> {
  return (await listKeysStatement(sql, [customerId, afterPrefix, limit])).map(toKey)
}

function toKey(row: KeyRow): ApiKey {
  return {
    prefix: row.prefix,
    customerId: row.customer_id === null ? null : Number(row.customer_id),
    scopes: row.scopes,
    note: row.note,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
  }
}

const findStatement = defineStatement<{
  prefix: string
  hash: string
  customer_id: string | null
  scopes: Scope[]
  refusal: KnownKey['refusal']
}>(
  'api_keys.find',
  `SELECT k.prefix, encode(k.hash, 'hex') AS hash, k.customer_id, to_json(k.scopes) AS scopes,
     CASE WHEN k.revoked_at IS NOT NULL THEN 'revoked'
          WHEN k.expires_at <= now() THEN 'expired'
          WHEN c.disabled_at IS NOT NULL THEN 'customer_disabled' END AS refusal
   FROM api_keys k LEFT JOIN customers c ON c.id = k.customer_id
   WHERE k.prefix = ANY($1::text[])`,
)

/** Those there are, by prefix. */
export async function findApiKeys(
  sql: Sql,
  prefixes: readonly string[],
): Promise<Map<string, KnownKey>> {
  const rows = await findStatement(sql, [textArray(prefixes)])
  return new Map(
    rows.map((row) => [
      row.prefix,
      {
        hash: Buffer.from(row.hash, 'hex'),
        customerId: row.customer_id === null ? null : Number(row.customer_id),
        scopes: row.scopes,
        refusal: row.refusal,
      },
    ]),
  )
}

const touchStatement = defineStatement(
  'api_keys.touch',
  `WITH used AS MATERIALIZED (
     SELECT prefix FROM api_keys
     WHERE prefix = ANY($1::text[]) AND (last_used_at IS NULL OR last_used_at < now() - interval '30 seconds')
     ORDER BY prefix FOR UPDATE SKIP LOCKED
   )
   UPDATE api_keys SET last_used_at = now()
   WHERE prefix = ANY($1::text[]) AND prefix IN (SELECT prefix FROM used)`,
)

/** These were used just now. What another process has told within half a minute stays. */
export async function touchApiKeys(sql: Sql, prefixes: readonly string[]): Promise<void> {
  await touchStatement(sql, [textArray(prefixes)])
}

const anyStatement = defineStatement<{ any: boolean }>(
  'api_keys.any',
  'SELECT EXISTS (SELECT 1 FROM api_keys) AS any',
)

/** Whether there has ever been a key. */
export async function hasApiKeys(sql: Sql): Promise<boolean> {
  return (await anyStatement(sql, []))[0]?.any ?? false
}
