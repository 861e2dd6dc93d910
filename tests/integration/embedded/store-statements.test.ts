/** The kinds of statements that the store is made of, on the embedded database. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../../src/embedded/embedded-postgres.ts'
import { connect, madeDirectory, removeDirectories, silent } from './made-directory.ts'

let database: EmbeddedPostgres
let sql: ReturnType<typeof connect>

beforeAll(async () => {
  database = await startEmbeddedPostgres({ dataDir: await madeDirectory(), logger: silent })
  sql = connect(database)
  await sql.unsafe(`
    CREATE TABLE parts (id uuid PRIMARY KEY, status text NOT NULL, payload jsonb, due_at timestamptz)
      PARTITION BY RANGE (id);
    CREATE TABLE parts_low PARTITION OF parts
      FOR VALUES FROM (MINVALUE) TO ('80000000-0000-0000-0000-000000000000') WITH (fillfactor = 80);
    CREATE TABLE parts_high PARTITION OF parts
      FOR VALUES FROM ('80000000-0000-0000-0000-000000000000') TO (MAXVALUE);
    CREATE INDEX ON parts (due_at) WHERE due_at IS NOT NULL`)
})

afterAll(async () => {
  await sql.end({ timeout: 1 })
  await database.stop()
  removeDirectories()
})

const ids = Array.from({ length: 500 }, () => crypto.randomUUID())

test('insert by unnest, claim with SKIP LOCKED, conflict and pruning on a partitioned table', async () => {
  const inserted = await sql`
    INSERT INTO parts (id, status, payload)
    SELECT u.id, 'queued', u.payload FROM unnest(${ids}::uuid[], ${ids.map((id) => JSON.stringify({ id }))}::jsonb[]) AS u (id, payload)
    ON CONFLICT (id) DO NOTHING`
  expect(inserted.count).toBe(500)
  const again = await sql`
    INSERT INTO parts (id, status) SELECT id, 'queued' FROM unnest(${ids}::uuid[]) AS u (id)
    ON CONFLICT (id) DO UPDATE SET due_at = now() RETURNING id`
  expect(again.count).toBe(500)

  const claim = () => sql`
    UPDATE parts SET status = 'sending'
    WHERE id IN (SELECT id FROM parts WHERE status = 'queued' LIMIT 100 FOR UPDATE SKIP LOCKED)
    RETURNING id`
  const claims = await Promise.all(Array.from({ length: 6 }, claim))
  const claimed = claims.flatMap((rows) => rows.map((row) => row.id))
  expect(new Set(claimed).size).toBe(500)
  expect(claimed).toHaveLength(500)

  const plan = await sql`EXPLAIN SELECT * FROM parts WHERE id = ${ids[0] ?? ''}::uuid`
  expect(plan.filter((row) => /on parts_/.test(row['QUERY PLAN']))).toHaveLength(1)
})

test('partitions come and go while others write', async () => {
  await sql.unsafe(`CREATE TABLE days (id int) PARTITION BY RANGE (id)`)
  for (const day of [0, 1, 2]) {
    await sql.unsafe(
      `CREATE TABLE days_${day} PARTITION OF days FOR VALUES FROM (${day * 10}) TO (${day * 10 + 10})`,
    )
    await sql`INSERT INTO days VALUES (${day * 10})`
  }
  await sql.unsafe('ALTER TABLE days DETACH PARTITION days_0')
  await sql.unsafe('DROP TABLE days_0')
  const [row] = await sql`SELECT count(*)::int AS count FROM days`
  expect(row?.count).toBe(2)
  await expect(sql`INSERT INTO days VALUES (5)`.execute()).rejects.toMatchObject({ code: '23514' })
})

test('a batch of several megabytes passes whole', async () => {
  await sql`CREATE TABLE large (id int, body text)`
  const bodies = Array.from({ length: 4000 }, (_, index) => `${index}`.padEnd(2000, '.'))
  await sql`INSERT INTO large SELECT * FROM unnest(${bodies.map((_, index) => index)}::int[], ${bodies}::text[])`
  const rows = await sql`SELECT body FROM large ORDER BY id`
  expect(rows.map((row) => row.body)).toEqual(bodies)
})
