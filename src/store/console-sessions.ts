/** Who is signed in at the console. */
import type { Sql } from 'postgres'
import { defineStatement } from './statement.ts'

export interface ConsoleSession {
  /** SHA-256 of the hash of the credential that it was opened with. */
  readonly credentialHash: Uint8Array
  /** Of the API key; null: the admin token. */
  readonly keyPrefix: string | null
}

export interface NewConsoleSession extends ConsoleSession {
  /** SHA-256 of what the cookie holds. */
  readonly tokenHash: Uint8Array
  readonly lifeMs: number
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const openStatement = defineStatement(
  'console_sessions.open',
  `WITH over AS (DELETE FROM console_sessions WHERE expires_at <= now())
   INSERT INTO console_sessions (token_hash, credential_hash, key_prefix, expires_at)
   VALUES (decode($1::text, 'hex'), decode($2::text, 'hex'), $3::text, now() + $4::bigint * interval '1 ms')`,
)

/** Those that are over are removed with it. */
export async function openConsoleSession(sql: Sql, session: NewConsoleSession): Promise<void> {
  const { tokenHash, credentialHash, keyPrefix, lifeMs } = session
  await openStatement(sql, [hex(tokenHash), hex(credentialHash), keyPrefix, lifeMs])
}

const findStatement = defineStatement<{ credential_hash: string; key_prefix: string | null }>(
  'console_sessions.find',
  `SELECT encode(credential_hash, 'hex') AS credential_hash, key_prefix FROM console_sessions
   WHERE token_hash = decode($1::text, 'hex') AND expires_at > now()`,
)

/** Null when there is none, or it is over. */
export async function findConsoleSession(
  sql: Sql,
  tokenHash: Uint8Array,
): Promise<ConsoleSession | null> {
  const [row] = await findStatement(sql, [hex(tokenHash)])
  if (row === undefined) return null
  return { credentialHash: Buffer.from(row.credential_hash, 'hex'), keyPrefix: row.key_prefix }
}

const endStatement = defineStatement(
  'console_sessions.end',
  `DELETE FROM console_sessions WHERE token_hash = decode($1::text, 'hex')`,
)

/** Safe to repeat. */
export async function endConsoleSession(sql: Sql, tokenHash: Uint8Array): Promise<void> {
  await endStatement(sql, [hex(tokenHash)])
}
