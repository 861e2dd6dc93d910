/** A PostgreSQL that vanishes without a word: statements fail by our own clock, and new connections are made. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { createServer } from 'node:net'
import { createDatabase, type Database, type DatabaseOptions } from '../../../src/store/database.ts'
import { databaseErrorKind } from '../../../src/store/database-errors.ts'
import { defineStatement } from '../../../src/store/statement.ts'
import { eventually } from '../../support/eventually.ts'
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts'
import { createTestDatabase, type TestDatabase, testServer } from '../../support/test-database.ts'

const poolWriteMax = 3
const numbers = defineStatement<{ number: number }>('test.number', 'SELECT $1::int AS number')
const slow = defineStatement<{ slept: string }>('test.slow', 'SELECT pg_sleep($1)::text AS slept')

let testDatabase: TestDatabase
let proxy: TcpProxy
let database: Database

beforeAll(async () => {
  testDatabase = await createTestDatabase(testServer(), { migrate: false })
})
afterAll(() => testDatabase.drop())
beforeEach(async () => {
  proxy = await startTcpProxy(testServer())
  database = createDatabase(optionsFor(proxy))
})
afterEach(async () => {
  await database.close(100)
  await proxy.close()
})

function optionsFor(server: { host: string; port: number }): DatabaseOptions {
  const { user, password } = testServer()
  return {
    write: server,
    read: server,
    user,
    password,
    database: testDatabase.name,
    tls: 'disable',
    poolWriteMax,
    poolReadMax: 1,
    statementTimeoutMs: 500,
    applicationName: 'silent-server-test',
    embedded: false,
  }
}

const ask = async (number: number): Promise<number | undefined> =>
  (await numbers(database.write, [number]))[0]?.number

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => 'no failure',
    (error: unknown) => databaseErrorKind(error),
  )
}

/** As many statements at once as there are connections, so that all of them are open. */
async function openAll(): Promise<void> {
  await Promise.all(Array.from({ length: poolWriteMax }, (_, index) => ask(index)))
}

const connections = async (): Promise<number> => {
  const [row] = await testDatabase.sql<{ count: number }[]>`
    SELECT count(*)::int AS count FROM pg_stat_activity
    WHERE application_name = 'silent-server-test' AND datname = current_database()`
  return row?.count ?? 0
}

describe('a server that swallows everything', () => {
  test('is unavailable to every statement, however many wait, and is there again when healed', async () => {
    await openAll()
    await proxy.become('blackhole')
    const failures = await Promise.all(
      Array.from({ length: 500 }, (_, index) => failureOf(ask(index))),
    )
    expect(new Set(failures)).toEqual(new Set(['unavailable']))
    await proxy.become('pass')
    expect(await eventually(() => ask(7), { what: 'it answers' })).toBe(7)
  })

  test('is unavailable to a transaction too, and to a ping', async () => {
    await openAll()
    await proxy.become('blackhole')
    const pinged = failureOf(database.ping())
    const begun = failureOf(database.write.begin((transaction) => transaction`SELECT 1`))
    expect(await Promise.all([pinged, begun])).toEqual(['unavailable', 'unavailable'])
  })

  test('does not keep the pools from closing', async () => {
    await openAll()
    await proxy.become('blackhole')
    const failure = failureOf(ask(1))
    await database.close(100)
    expect(await failure).toBe('unavailable')
  })
})

describe('one connection that is dead', () => {
  test('fails the statement on it; those that run on others end well; no connection is left over', async () => {
    await ask(1)
    await proxy.become('half-open')
    const lost = failureOf(ask(2))
    // The others are free to open connections of their own; one statement more would be sent behind the lost one.
    await Promise.all(Array.from({ length: poolWriteMax - 1 }, (_, index) => ask(index)))
    expect(await lost).toBe('unavailable')
    await openAll()
    await database.close(1_000)
    await eventually(async () => (await connections()) === 0, { what: 'all are closed' })
  })

  test('is not taken for the death of a statement that the server stops itself', async () => {
    const made = proxy.accepted
    expect(await failureOf(slow(database.write, [5]))).toBe('timeout')
    expect(await ask(3)).toBe(3)
    expect(proxy.accepted).toBe(made + 1)
  })
})

test('a server that takes connections and ends them without a word is unavailable, and not stormed', async () => {
  let accepted = 0
  const closing = createServer((socket) => {
    accepted++
    socket.on('error', () => undefined)
    socket.end()
  })
  await new Promise<void>((resolve) => closing.listen(0, '127.0.0.1', resolve))
  const { port } = closing.address() as { port: number }
  const shut = createDatabase(optionsFor({ host: '127.0.0.1', port }))
  try {
    for (let attempt = 1; attempt <= 3; attempt++) {
      expect(await failureOf(shut.ping())).toBe('unavailable')
      expect(accepted).toBe(attempt)
    }
  } finally {
    await shut.close(100)
    closing.close()
  }
})
