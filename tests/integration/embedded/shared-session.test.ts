/** What the store does to a database must hold over several connections that share one session. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import { connect as connectSocket } from 'node:net'
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../../src/embedded/embedded-postgres.ts'
import { eventually } from '../../support/eventually.ts'
import { connect, madeDirectory, removeDirectories, silent } from './made-directory.ts'

let database: EmbeddedPostgres
let sql: ReturnType<typeof connect>

beforeAll(async () => {
  database = await startEmbeddedPostgres({ dataDir: await madeDirectory(), logger: silent })
  sql = connect(database, 6)
})

beforeEach(async () => {
  await sql`DROP TABLE IF EXISTS work`
  await sql`CREATE TABLE work (id int PRIMARY KEY, note text)`
})

afterAll(async () => {
  await sql.end({ timeout: 1 })
  await database.stop()
  removeDirectories()
})

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index)

test('unnamed statements of several connections do not meet', async () => {
  // `unsafe` does not prepare: its statements have no name.
  const unprepared = connect(database, 6)
  const wide = 'x'.repeat(200_000)
  async function ask(index: number): Promise<void> {
    const one = await unprepared.unsafe<object[]>('SELECT $1::int AS id', [index])
    expect([...one]).toEqual([{ id: index }])
    const two = await unprepared.unsafe<object[]>('SELECT $1::text AS a, length($2) AS b', [
      `${index}`,
      wide,
    ])
    expect([...two]).toEqual([{ a: `${index}`, b: wide.length }])
  }
  await Promise.all(upTo(120).map(ask))
  await unprepared.end()
})

test('an error of one connection takes nothing from another', async () => {
  async function insertTwice(index: number): Promise<void> {
    await sql`INSERT INTO work VALUES (${index}, 'first')`
    await expect(sql`INSERT INTO work VALUES (${index}, 'second')`.execute()).rejects.toThrow(
      'duplicate key',
    )
  }
  await Promise.all(upTo(150).map(insertTwice))
  const [row] = await sql`SELECT count(*)::int AS count FROM work WHERE note = 'first'`
  expect(row?.count).toBe(150)
})

test('transactions of two connections do not interleave', async () => {
  await sql`INSERT INTO work VALUES (0, '0')`
  async function increment(): Promise<void> {
    await sql.begin(async (transaction) => {
      const [row] = await transaction`SELECT note FROM work WHERE id = 0`
      await transaction`UPDATE work SET note = ${String(Number(row?.note) + 1)} WHERE id = 0`
    })
  }
  async function failing(): Promise<void> {
    const attempt = sql.begin(async (transaction) => {
      await transaction`UPDATE work SET note = 'broken' WHERE id = 0`
      throw new Error('rolled back')
    })
    await expect(attempt).rejects.toThrow('rolled back')
  }
  await Promise.all(upTo(60).map((index) => (index % 3 === 0 ? failing() : increment())))
  const [row] = await sql`SELECT note FROM work WHERE id = 0`
  expect(row?.note).toBe('40')
})

test('a connection that goes away in a transaction leaves nothing behind', async () => {
  const leaver = connect(database, 1)
  const reserved = await leaver.reserve()
  await reserved`BEGIN`
  await reserved`INSERT INTO work VALUES (1, 'never')`
  await leaver.end({ timeout: 0 })
  const [row] = await sql`SELECT count(*)::int AS count FROM work`
  expect(row?.count).toBe(0)
})

test('a client that does not speak the protocol is cut off, the others are served', async () => {
  const garbage = [Buffer.alloc(64, 0xff), Buffer.from('GET / HTTP/1.1\r\n\r\n')]
  for (const bytes of garbage) {
    const stranger = connectSocket(database.socketPath)
    let isClosed = false
    stranger.on('close', () => {
      isClosed = true
    })
    stranger.on('error', () => undefined)
    stranger.write(bytes)
    await eventually(() => isClosed, { what: 'the stranger is cut off' })
  }
  expect([...(await sql`SELECT 1 AS one`)]).toEqual([{ one: 1 }])
})

test('prepared statements of a closed connection are dropped', async () => {
  async function count(): Promise<number> {
    const rows = await sql.unsafe(
      `SELECT name FROM pg_prepared_statements WHERE statement LIKE 'SELECT $1::int AS visited%'`,
    )
    return rows.length
  }
  const visitor = connect(database, 1)
  for (const index of upTo(10)) {
    await visitor.unsafe(`SELECT $1::int AS visited_${index}`, [index], { prepare: true })
  }
  expect(await count()).toBe(10)
  await visitor.end()
  await eventually(async () => (await count()) === 0, { what: 'its statements are gone' })
})
