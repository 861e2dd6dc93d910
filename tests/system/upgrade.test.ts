/** Executables and schemas of different versions beside each other: what docs/deployment.md says of upgrades and rollbacks. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { runCommand, startRole } from '../support/gateway.ts'
import { allAre, type Gateway, startGateway, submitMany } from '../support/gateway-fixture.ts'

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.close())

test('roles that run go on while a later version migrates, and start again on its schema', async () => {
  const { database, environment } = gateway
  await submitMany(gateway.api.url, 200)
  const [during] = await Promise.all([
    submitMany(gateway.api.url, 2_000),
    // What migrations do to tables that are in use: a column, an index, and their record.
    database.sql.begin(async (sql) => {
      await sql`SET LOCAL lock_timeout = '10s'`
      await sql`ALTER TABLE messages ADD COLUMN of_a_later_version jsonb`
      await sql`CREATE INDEX messages_of_a_later_version ON messages (lane, id) WHERE due_at IS NOT NULL`
      await sql`INSERT INTO schema_migrations (version, name, checksum) VALUES (9999, 'later', 'x')`
    }),
  ])
  expect(during).toHaveLength(2_000)
  await submitMany(gateway.api.url, 200, 'express')
  await allAre(database, 'delivered', 2_400)

  // Back to this version: its migrations are all there, and it leaves the others alone.
  await Promise.all([gateway.api.stop(), gateway.processor.stop()])
  expect(await runCommand(['migrate', '--status'], environment)).toMatchObject({ exitCode: 0 })
  expect(await runCommand(['migrate'], environment)).toMatchObject({
    exitCode: 0,
    stdout: 'nothing to do: all migrations are applied\n',
  })
  gateway.api = await startRole('api', environment)
  gateway.processor = await startRole('processor', environment)
  await submitMany(gateway.api.url, 200)
  await allAre(database, 'delivered', 2_600)
})
