/** A client that vanishes in the middle of a statement, as a machine does that loses its power. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { connect, type Socket } from 'node:net'
import postgres from 'postgres'
import { eventually } from '../../support/eventually.ts'
import { testServer } from '../../support/test-database.ts'
import { createStoreFixture, type StoreFixture } from './store-fixture.ts'

let fixture: StoreFixture
beforeAll(async () => {
  fixture = await createStoreFixture()
})
afterAll(() => fixture.close())

/** The message Parse of the protocol (documentation §55.7), and nothing after it. */
function parseMessage(statement: string): Buffer {
  const body = Buffer.from(`\0${statement}\0\0\0`)
  const head = Buffer.alloc(5)
  head.write('P')
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

async function sessions(): Promise<number> {
  const [row] = await fixture.database.write<{ count: number }[]>`
    SELECT count(*)::int FROM pg_stat_activity
    WHERE application_name = 'sms-gateway vanishing' AND state = 'active' AND wait_event = 'ClientRead'`
  return row?.count ?? 0
}

test('what it began is ended, and nothing that is younger', async () => {
  const { host, port, user, password } = testServer()
  const [name] = await fixture.database.write<{ name: string }[]>`SELECT current_database() AS name`
  const socket = connect({ host, port })
  const client = postgres({
    user,
    password: password ?? '',
    database: name?.name ?? '',
    max: 1,
    connection: { application_name: 'sms-gateway vanishing' },
    socket: () => socket,
  } as postgres.Options<Record<string, never>> & { socket: () => Socket })
  await client`SELECT 1`
  socket.write(parseMessage('/* messages.insert */ SELECT 1'))
  await eventually(async () => (await sessions()) === 1, { what: 'it waits for the rest' })

  const { store } = fixture
  expect(await store.endAbandonedSessions(60_000)).toBe(0)
  await eventually(async () => (await store.endAbandonedSessions(50)) === 1, {
    what: 'it is ended',
  })
  await eventually(async () => (await sessions()) === 0, { what: 'it is gone' })
  expect(await store.endAbandonedSessions(50)).toBe(0)
  await client.end({ timeout: 1 })
  socket.destroy()
})
