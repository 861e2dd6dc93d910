/** What the embedded database does by itself, as its package ships it: rows of a message's size, 500 an INSERT. */
import { PGlite } from '@electric-sql/pglite'

const batchSize = 500

export async function embeddedInsertsPerSecond(
  directory: string,
  durationMs: number,
): Promise<number> {
  const database = await PGlite.create(directory)
  try {
    await database.exec('CREATE TABLE rows (id uuid PRIMARY KEY, recipient text, body text)')
    const startedMs = performance.now()
    let rows = 0
    while (performance.now() - startedMs < durationMs) {
      const ids = Array.from({ length: batchSize }, () => Bun.randomUUIDv7())
      await database.query(
        `INSERT INTO rows SELECT id, '+999000000000', 'A message of the benchmark'
         FROM unnest($1::uuid[]) AS new (id)`,
        [ids],
      )
      rows += batchSize
    }
    return (rows * 1_000) / (performance.now() - startedMs)
  } finally {
    await database.close()
  }
}
