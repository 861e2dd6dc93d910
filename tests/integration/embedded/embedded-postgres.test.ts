import { afterAll, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DataDirectoryError } from '../../../src/embedded/data-directory.ts'
import { startEmbeddedPostgres } from '../../../src/embedded/embedded-postgres.ts'
import { eventually } from '../../support/eventually.ts'
import { connect, freshPath, madeDirectory, removeDirectories, silent } from './made-directory.ts'

afterAll(removeDirectories)

/** `DBState` in a control file: 1 is a clean shutdown. */
function clusterState(dataDir: string): number {
  return readFileSync(join(dataDir, 'postgres', 'global', 'pg_control')).readInt32LE(16)
}

test('what was written before a stop is there after the next start', async () => {
  const dataDir = freshPath()
  let notices = 0
  const options = { dataDir, logger: silent, firstStartNotice: () => (notices += 1) }
  const first = await startEmbeddedPostgres(options)
  const writer = connect(first)
  await writer`CREATE TABLE kept (id int PRIMARY KEY, note text)`
  await writer`INSERT INTO kept VALUES (1, 'Grüße')`
  await writer.end()
  await first.stop()
  expect(clusterState(dataDir)).toBe(1)

  const second = await startEmbeddedPostgres(options)
  const reader = connect(second)
  expect([...(await reader`SELECT * FROM kept`)]).toEqual([{ id: 1, note: 'Grüße' }])
  await reader.end()
  await second.stop()
  expect(notices).toBe(1)
})

test('the directories are private, and a stop removes the socket', async () => {
  const dataDir = await madeDirectory()
  const database = await startEmbeddedPostgres({ dataDir, logger: silent })
  expect(statSync(dataDir).mode & 0o777).toBe(0o700)
  expect(statSync(dirname(database.socketPath)).mode & 0o777).toBe(0o700)
  await database.stop()
  await database.stop()
  expect(existsSync(database.socketPath)).toBe(false)
})

test('a path too long for a socket puts the socket elsewhere', async () => {
  const source = await madeDirectory()
  const dataDir = join(source, '..', 'long'.repeat(25))
  mkdirSync(dataDir)
  const database = await startEmbeddedPostgres({ dataDir, logger: silent })
  const sql = connect(database)
  expect([...(await sql`SELECT 1 AS one`)]).toEqual([{ one: 1 }])
  await sql.end()
  await database.stop()
  expect(existsSync(dirname(database.socketPath))).toBe(false)
})

test('a second opener is refused, and welcome after the first has stopped', async () => {
  const dataDir = await madeDirectory()
  const first = await startEmbeddedPostgres({ dataDir, logger: silent })
  const second = startEmbeddedPostgres({ dataDir, logger: silent })
  await expect(second).rejects.toThrow(
    `is in use by another sms-gateway (process ${process.pid}); stop it or choose another`,
  )
  await first.stop()
  const third = await startEmbeddedPostgres({ dataDir, logger: silent })
  await third.stop()
})

test('a stop ends open connections and drops what they have not committed', async () => {
  const dataDir = await madeDirectory()
  const database = await startEmbeddedPostgres({ dataDir, logger: silent })
  const sql = connect(database)
  await sql`CREATE TABLE t (id int)`
  const reserved = await sql.reserve()
  await reserved`BEGIN`
  await reserved`INSERT INTO t VALUES (1)`
  await database.stop()
  await sql.end({ timeout: 0 })
  expect(clusterState(dataDir)).toBe(1)

  const again = await startEmbeddedPostgres({ dataDir, logger: silent })
  const reader = connect(again)
  expect([...(await reader`SELECT * FROM t`)]).toEqual([])
  await reader.end()
  await again.stop()
})

test('commits are durable by the settings of the server', async () => {
  const database = await startEmbeddedPostgres({ dataDir: await madeDirectory(), logger: silent })
  const sql = connect(database)
  const names = ['fsync', 'full_page_writes', 'synchronous_commit', 'wal_sync_method']
  const rows = await sql`
    SELECT name, setting FROM pg_settings WHERE name = ANY (${names}) ORDER BY name`
  expect([...rows.map((row) => row.setting)]).toEqual(['on', 'on', 'on', 'fsync'])
  await sql.end()
  await database.stop()
})

test('a cluster that cannot be opened is an error, and leaves the directory unlocked', async () => {
  const dataDir = await madeDirectory()
  const control = join(dataDir, 'postgres', 'global', 'pg_control')
  const content = readFileSync(control)
  writeFileSync(control, content.subarray(0, 100))
  const opening = startEmbeddedPostgres({ dataDir, logger: silent })
  await expect(opening).rejects.toThrow(`cannot open the database in ${dataDir}`)
  writeFileSync(control, content)
  const database = await startEmbeddedPostgres({ dataDir, logger: silent })
  await database.stop()
})

test('an engine that ends by itself is reported, nothing is acknowledged after, and a stop still ends', async () => {
  const dataDir = await madeDirectory()
  const exits: Error[] = []
  const onExit = (error: Error) => exits.push(error)
  const database = await startEmbeddedPostgres({ dataDir, logger: silent, onExit })
  const sql = connect(database)
  await sql`CREATE TABLE t (id int)`
  rmSync(join(dataDir, 'postgres', 'pg_wal'), { recursive: true })
  const writes = sql`SELECT pg_switch_wal()`.then(() => sql`INSERT INTO t VALUES (1)`)
  const outcome = writes.then(
    () => 'acknowledged',
    () => 'refused',
  )
  await eventually(() => exits.length > 0, { what: 'the exit is reported' })
  await database.stop()
  expect(await outcome).toBe('refused')
  expect(exits.map(({ message }) => message)).toEqual([expect.stringContaining('PANIC')])
  await sql.end({ timeout: 0 })
})

test('a directory of somebody else is refused and left as it is', async () => {
  const dataDir = freshPath()
  mkdirSync(dataDir, { mode: 0o755 })
  writeFileSync(join(dataDir, 'letter.txt'), 'dear')
  const opening = startEmbeddedPostgres({ dataDir, logger: silent })
  await expect(opening).rejects.toThrow(DataDirectoryError)
  expect(statSync(dataDir).mode & 0o777).toBe(0o755)
  expect(existsSync(join(dataDir, 'lock'))).toBe(false)
})
