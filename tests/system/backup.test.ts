/** A backup is made under a running gateway and restored elsewhere: what was accepted before it is there, and goes on. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { runCommand, startRole } from '../support/gateway.ts'
import {
  allAre,
  behave,
  type Gateway,
  message,
  post,
  quickRecovery,
  startGateway,
  submitMany,
  verify,
} from '../support/gateway-fixture.ts'
import { serverPrograms } from '../support/packages.ts'
import { queueEnvironment } from '../support/redis-prefix.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

let gateway: Gateway
let restored: TestDatabase
const folder = mkdtempSync(join(tmpdir(), 'backup-'))
beforeAll(async () => {
  gateway = await startGateway({ environment: quickRecovery })
  restored = await createTestDatabase(undefined, { migrate: false })
  for (const identity of ['primary', 'secondary', 'backup']) {
    await behave(gateway.operatorUrl, identity, { report_status: { delivered: 1 } })
  }
}, 60_000)
afterAll(async () => {
  await gateway.close()
  await restored.drop()
  rmSync(folder, { recursive: true })
})

function postgresTool(name: string, database: TestDatabase, args: readonly string[]): void {
  const { environment } = database
  const result = Bun.spawnSync([join(serverPrograms().postgresBin, name), ...args], {
    env: {
      PATH: process.env.PATH ?? '',
      PGHOST: environment.POSTGRES_WRITE_HOST ?? '',
      PGPORT: environment.POSTGRES_WRITE_PORT ?? '',
      PGUSER: environment.POSTGRES_USER ?? '',
      PGPASSWORD: environment.POSTGRES_PASSWORD ?? '',
      PGDATABASE: environment.POSTGRES_DB ?? '',
    },
  })
  if (result.exitCode !== 0) throw new Error(`${name}: ${result.stderr}`)
}

test('what was accepted before it goes on from it, what was sent since is sent again by the same key', async () => {
  const delivered = await submitMany(gateway.api.url, 200)
  await allAre(gateway.database, 'delivered', delivered.length)
  await gateway.processor.kill()
  const waiting = await submitMany(gateway.api.url, 300)
  const later = new Date(Date.now() + 3_600_000).toISOString()
  const scheduled = await post(`${gateway.api.url}/api/v1/messages`, {
    ...message,
    schedule_at: later,
  })
  const scheduledId = ((await scheduled.json()) as { id: string }).id
  const key = { 'idempotency-key': 'before-the-backup' }
  const once = await post(`${gateway.api.url}/api/v1/messages`, message, key)
  const onceId = ((await once.json()) as { id: string }).id

  const file = join(folder, 'gateway.dump')
  postgresTool('pg_dump', gateway.database, ['--format=custom', `--file=${file}`])

  // What happens after the backup, and is not in it: those that waited are sent, and some more are accepted.
  gateway.processor = await startRole('processor', gateway.environment)
  const missed = await submitMany(gateway.api.url, 50)
  await eventually(
    async () => (await verify(gateway.operatorUrl, [...waiting, ...missed])).missing.length === 0,
    { what: 'all are sent', timeoutMs: 30_000 },
  )
  await gateway.processor.kill()
  await gateway.api.kill()

  // Elsewhere, with a queue that is empty.
  postgresTool('pg_restore', restored, [
    '--no-owner',
    '--exit-on-error',
    `--dbname=${restored.environment.POSTGRES_DB}`,
    file,
  ])
  const environment = {
    ...gateway.environment,
    ...restored.environment,
    ...queueEnvironment(),
    APP_ADDR: `127.0.0.1:${await freePort()}`,
    METRICS_ADDR: `127.0.0.1:${await freePort()}`,
    ...quickRecovery,
  }
  const migrated = await runCommand(['migrate', '--status'], environment)
  expect([migrated.exitCode, migrated.stderr]).toEqual([0, ''])
  const api = await startRole('api', environment)
  const processor = await startRole('processor', environment)
  try {
    await eventually(
      async () => {
        const counts = await restored.sql<{ status: string; count: number }[]>`
          SELECT status, count(*)::int AS count FROM messages GROUP BY status ORDER BY status`
        const found = Object.fromEntries(counts.map(({ status, count }) => [status, count]))
        const { sent = 0, delivered: done = 0, scheduled: kept } = found
        if (sent + done === 501 && done >= 200 && kept === 1) return true
        throw new Error(JSON.stringify(found))
      },
      { what: 'all go on', timeoutMs: 60_000 },
    )
    // Those that were sent after the backup are sent again, with the key and the reference that they had.
    const checked = await verify(gateway.operatorUrl, [...delivered, ...waiting])
    expect(checked.missing).toEqual([])
    expect(checked.repeated.map(({ reference }) => reference).sort()).toEqual([...waiting].sort())
    const state = async (id: string) => (await fetch(`${api.url}/api/v1/messages/${id}`)).status
    expect(await state(scheduledId)).toBe(200)
    expect(await state(missed[0] ?? '')).toBe(404)
    // A key of before is still known.
    const again = await post(`${api.url}/api/v1/messages`, message, key)
    expect(((await again.json()) as { id: string }).id).toBe(onceId)
  } finally {
    await Promise.all([api.kill(), processor.kill()])
  }
}, 120_000)
