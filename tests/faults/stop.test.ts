/**
 * SIGTERM under load, to each role: it ends with 0, no request is lost, nothing is left in doubt, and nothing is sent twice.
 * `npm run stops` does it twenty times each.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withDeadline } from '../../src/runtime/deadline.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { type RunningRole, startRole } from '../support/gateway.ts'
import {
  allAre,
  type Gateway,
  startGateway,
  statusCounts,
  verify,
} from '../support/gateway-fixture.ts'
import { openRawClient } from './overload/raw-client.ts'
import { type ClientCounts, type Clients, startClients } from './stop/clients.ts'

const rounds = Number(process.env.STOP_ROUNDS ?? 2)
const roundMsMax = 30_000
const clientCount = 8
/** Between two stops. */
const acceptedMin = 300
const stopGraceMs = 5_000
/** The grace time and what a role needs besides. */
const stopMsMax = stopGraceMs + 5_000

async function stopped(role: RunningRole): Promise<void> {
  expect(await withDeadline('stopping', stopMsMax, role.stop())).toBe(0)
}

/** Waits until clients have been served for a while, however often the API was away. */
async function served(clients: Clients): Promise<void> {
  const before = clients.acceptedCount()
  await eventually(() => clients.acceptedCount() >= before + acceptedMin, {
    what: 'clients are served',
  })
}

function expectAllAnswered({ unanswered, failures }: ClientCounts): void {
  expect({ unanswered, failures }).toEqual({ unanswered: 0, failures: [] })
}

describe('api, processor, operator', () => {
  let gateway: Gateway
  beforeAll(async () => {
    gateway = await startGateway({ environment: { STOP_GRACE_MS: String(stopGraceMs) } })
  })
  afterAll(() => gateway.close())

  async function stopUnderLoad(
    role: 'api' | 'processor' | 'operator',
    afterStop: () => Promise<void> = async () => undefined,
  ): Promise<ClientCounts> {
    await gateway.database.sql`TRUNCATE messages, provider_references, delivery_reports`
    const clients = startClients(gateway.api.url, clientCount)
    for (let round = 0; round < rounds; round++) {
      await served(clients)
      await stopped(gateway[role])
      await afterStop()
      gateway[role] = await startRole(role, gateway.environment)
    }
    await served(clients)
    const counts = await clients.end()
    expectAllAnswered(counts)
    const stored = await statusCounts(gateway.database)
    expect(Object.values(stored).reduce((sum, count) => sum + count)).toBe(counts.accepted.length)
    await allAre(gateway.database, 'delivered', counts.accepted.length)
    return counts
  }

  const sentOnce = async ({ accepted }: ClientCounts): Promise<void> =>
    expect(await verify(gateway.operatorUrl, accepted)).toMatchObject({ missing: [], repeated: [] })

  test(
    'an API answers what it has, and stores nothing that it did not answer',
    async () => {
      await sentOnce(await stopUnderLoad('api'))
    },
    roundMsMax * rounds,
  )

  test(
    'a processor leaves no message half sent',
    async () => {
      const counts = await stopUnderLoad('processor', async () => {
        expect((await statusCounts(gateway.database)).sending).toBeUndefined()
      })
      await sentOnce(counts)
    },
    roundMsMax * rounds,
  )

  test(
    'an operator answers what it has: no submit is in doubt',
    async () => {
      await stopUnderLoad('operator')
      const inDoubt = await gateway.database.sql`
      SELECT id, failures FROM messages WHERE failures::text LIKE '%indeterminate%' LIMIT 5`
      expect([...inDoubt]).toEqual([])
    },
    roundMsMax * rounds,
  )
})

test(
  'standalone has every message when it starts again',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sms-gateway-stop-'))
    const environment = {
      APP_ADDR: `127.0.0.1:${await freePort()}`,
      OPERATOR_ADDR: `127.0.0.1:${await freePort()}`,
      DATA_DIR: join(directory, 'data'),
      STOP_GRACE_MS: String(stopGraceMs),
    }
    let running = await startRole('standalone', environment)
    try {
      const clients = startClients(running.url, clientCount)
      for (let round = 0; round < rounds; round++) {
        await served(clients)
        await stopped(running)
        running = await startRole('standalone', environment)
      }
      const counts = await clients.end()
      expectAllAnswered(counts)
      for (const id of counts.accepted) {
        await eventually(async () => (await statusOf(running.url, id)) === 'delivered', {
          what: `${id} is delivered`,
          timeoutMs: roundMsMax,
        })
      }
    } finally {
      await running.kill()
      rmSync(directory, { recursive: true, force: true })
    }
  },
  roundMsMax * rounds,
)

async function statusOf(url: string, id: string): Promise<string> {
  const response = await fetch(`${url}/api/v1/messages/${id}`)
  return ((await response.json()) as { status: string }).status
}

describe('a client that never ends its request', () => {
  const unfinished =
    'POST /api/v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n'

  async function withUnfinished(
    graceMs: number,
    use: (api: RunningRole) => Promise<void>,
  ): Promise<void> {
    const environment = { STOP_GRACE_MS: String(graceMs), LOG_LEVEL: 'info' }
    const gateway = await startGateway({ without: ['processor', 'operator'], environment })
    const client = await openRawClient(gateway.api.url, unfinished)
    try {
      // Who came later was answered: what came before is in work.
      for (let later = 0; later < 3; later++) await fetch(`${gateway.api.url}/health`)
      await use(gateway.api)
    } finally {
      client.leave()
      await gateway.close()
    }
  }

  test('is cut off when the grace time is over', () =>
    withUnfinished(200, async (api) => {
      // As from a terminal, by the group and by npm: twice the same.
      api.signal('SIGINT')
      api.signal('SIGTERM')
      expect(await api.exited).toBe(0)
    }))

  test('does not outlive a second signal that comes later', () =>
    withUnfinished(600_000, async (api) => {
      api.signal('SIGTERM')
      await eventually(() => api.logs().includes('process.stopping'), { what: 'it is stopping' })
      const ended = api.exited.then(() => true)
      // What comes at once is the first again.
      await eventually(
        () => {
          api.signal('SIGTERM')
          return Promise.race([ended, Promise.resolve(false)])
        },
        { what: 'it has ended' },
      )
      expect(await withDeadline('ending at once', stopMsMax, api.exited)).toBe(1)
      expect(api.logs()).toContain('process.killed')
    }))
})
