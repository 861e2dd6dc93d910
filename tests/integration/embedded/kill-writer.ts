/** Commits numbers one after the other on several connections, and prints each once it is acknowledged. */
import { startEmbeddedPostgres } from '../../../src/embedded/embedded-postgres.ts'
import { connect, silent } from './made-directory.ts'

const dataDir = process.argv[2] ?? ''
const database = await startEmbeddedPostgres({ dataDir, logger: silent })
const sql = connect(database)
await sql`CREATE TABLE IF NOT EXISTS numbers (n int PRIMARY KEY, pad text)`
const [row] = await sql`SELECT coalesce(max(n), 0)::int AS top FROM numbers`
let next = Number(row?.top) + 1

async function write(): Promise<never> {
  for (;;) {
    const numbers = Array.from({ length: 20 }, () => next++)
    await sql`INSERT INTO numbers SELECT n, repeat('x', 300) FROM unnest(${numbers}::int[]) AS u (n)`
    process.stdout.write(`${numbers.join('\n')}\n`)
  }
}

await Promise.all([write(), write(), write()])
