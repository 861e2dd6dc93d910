/** A failover of PostgreSQL that leaves the gateway on a standby: refused meanwhile, and left by itself. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { spawnRole } from '../support/gateway.ts'
import {
  allAre,
  type Gateway,
  message,
  post,
  quickRecovery,
  startGateway,
  submitMany,
  verify,
} from '../support/gateway-fixture.ts'
import {
  type PostgresReplica,
  type PostgresServer,
  startPostgres,
  startReplica,
} from '../support/postgres-server.ts'
import { type SwitchPort, startSwitchPort } from '../support/switch-port.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

let primary: PostgresServer
let standby: PostgresReplica
let database: TestDatabase
let switchPort: SwitchPort
let gateway: Gateway

beforeAll(async () => {
  primary = await startPostgres()
  database = await createTestDatabase(primary)
  standby = await startReplica(primary)
  switchPort = await startSwitchPort(primary.port)
  gateway = await startGateway({
    database,
    environment: { ...quickRecovery, POSTGRES_WRITE_PORT: String(switchPort.port) },
  })
})
afterAll(async () => {
  await gateway.close()
  switchPort.close()
  await database.drop()
  await standby.remove()
  await primary.remove()
})

const submit = () => post(`${gateway.api.url}/api/v1/messages`, message)
const isReady = async (url: string) => (await fetch(`${url}/health/ready`)).ok

/** The primary restarts; the port leads to the standby, and every connection is made anew there. */
async function moveToStandby(): Promise<void> {
  switchPort.leadTo(standby.port)
  await primary.stop('immediate')
  await primary.start()
  for (const { url } of [gateway.api, gateway.processor]) {
    await eventually(async () => !(await isReady(url)), { what: 'it is known to take no writes' })
  }
}

describe('the port of the primary leads to a standby', () => {
  test('refused with 503 and Retry-After until it leads to a primary again; then no restart is needed, and nothing is lost', async () => {
    const ids = await submitMany(gateway.api.url, 200)
    await moveToStandby()
    for (let attempt = 0; attempt < 5; attempt++) {
      const refused = await submit()
      expect(refused.status).toBe(503)
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    }
    // A read that stayed on the standby would not know what comes now.
    await standby.pauseReplay()
    switchPort.leadTo(primary.port)
    const accepted = await eventually(
      async () => {
        const response = await submit()
        return response.status === 202 ? ((await response.json()) as { id: string }) : null
      },
      { what: 'messages are accepted again' },
    )
    const found = await fetch(`${gateway.api.url}/api/v1/messages/${accepted.id}`)
    expect(found.status).toBe(200)
    for (const { url } of [gateway.api, gateway.processor]) {
      await eventually(() => isReady(url), { what: 'it is ready again' })
    }
    // A connection that was made just before still leads to the standby, until it is used once.
    const more = await eventually(() => submitMany(gateway.api.url, 200).catch(() => null), {
      what: 'all connections lead to the primary',
    })
    ids.push(accepted.id, ...more)
    await allAre(database, 'delivered', ids.length)
    expect(await verify(gateway.operatorUrl, ids)).toMatchObject({ missing: [], repeated: [] })
    await standby.resumeReplay()
  })

  test('a role that is started then waits, and says for what', async () => {
    switchPort.leadTo(standby.port)
    const address = `127.0.0.1:${await freePort()}`
    const role = spawnRole('processor', { ...gateway.environment, METRICS_ADDR: address })
    await eventually(() => role.logs().includes('waiting for PostgreSQL'), { what: 'it waits' })
    expect(role.logs()).toContain('it takes no writes: it is a standby')
    switchPort.leadTo(primary.port)
    await eventually(() => isReady(`http://${address}`), { what: 'it has started' })
    expect(await role.stop()).toBe(0)
  })
})
