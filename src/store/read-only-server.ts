/**
 * A server that takes no writes where the primary should be: a standby, after a failover. A name or a port may lead to the new
 * primary by now, but a connection stays where it was made; so the pools' connections are given up, and new ones are made.
 */
import type { Sql } from 'postgres'

/** SQLSTATE read_only_sql_transaction. */
const readOnlyCode = '25006'

/** What `requireWritable` throws; classified like the server's own error. */
export class ReadOnlyServerError extends Error {
  override readonly name = 'ReadOnlyServerError'
  readonly code = readOnlyCode
}

export function isReadOnlyServer(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === readOnlyCode
}

/** @throws ReadOnlyServerError */
export async function askWhetherWritable(sql: Sql): Promise<void> {
  const [session] = await sql<{ read_only: string }[]>`
    /* store.ping */ SELECT current_setting('transaction_read_only') AS read_only`
  if (session?.read_only === 'on') {
    throw new ReadOnlyServerError(
      'it takes no writes: it is a standby, or read-only by its settings',
    )
  }
}
