/** Routes on the compiled binary, while rules change and providers are out of service. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { runCommand } from '../support/gateway.ts'
import { allAre } from '../support/gateway-fixture.ts'
import {
  admin,
  everybody,
  numbered,
  type RoutingFixture,
  startRoutingFixture,
} from '../support/routing-fixture.ts'

let at: RoutingFixture
beforeAll(async () => {
  at = await startRoutingFixture()
})
afterAll(() => at.close())
afterEach(() => at.clear())

describe('a reload', () => {
  test('under load moves a destination, and all is sent once', async () => {
    await at.reload({ primary: 'prefixes = ["+49"]', secondary: 'prefixes = ["+1"]' })
    const first = await at.submit(numbered('+49151', 3_000), at.nobody)
    await at.reload({ primary: 'prefixes = ["+1"]', secondary: 'prefixes = ["+49"]' })
    const second = await at.submit(numbered('+49151', 1_000), at.nobody)
    await allAre(at.gateway.database, 'delivered', 4_000)
    await at.sentOnce([...first, ...second])
    expect(new Set((await at.providersOf(second)).values())).toEqual(new Set(['secondary']))
  })

  test('that takes the last route away: a dead letter, which is sent once there is one again', async () => {
    await at.reload(everybody)
    await at.reload({ primary: 'prefixes = ["+1"]' }, at.processors)
    const ids = await at.submit(numbered('+49151', 5), at.nobody)
    await eventually(
      async () => {
        const [row] = await at.gateway.database.sql<{ dead: number }[]>`
          SELECT count(*)::int AS dead FROM dead_letters WHERE error_code = 'no_route' AND attempts = 3`
        return row?.dead === 5
      },
      { what: 'they are dead letters' },
    )
    const one = await fetch(`${at.api.url}/api/v1/messages/${ids[0]}`, { headers: admin })
    expect(await one.json()).toMatchObject({
      status: 'failed',
      failures: [{ code: 'no_route', provider: null }, { code: 'no_route' }, { code: 'no_route' }],
    })
    await at.reload(everybody)
    const replayed = await at.call('POST', '/api/v1/dead-letters/replay', {
      filter: { error_code: 'no_route' },
    })
    expect(replayed.status).toBe(200)
    await allAre(at.gateway.database, 'delivered', 5)
    await at.sentOnce(ids)
  })

  test('with faulty rules changes nothing, and names every fault', async () => {
    await at.reload({ primary: 'prefixes = ["+49"]', secondary: 'prefixes = ["+1"]' })
    at.write({
      primary: 'prefixes = ["+49", "49"]\nprefixes_denied = ["+49"]',
      secondary: 'cost = "dear"\nnetworks = ["26201"]',
    })
    for (const role of [at.api, ...at.processors]) role.signal('SIGHUP')
    for (const role of [at.api, ...at.processors]) {
      await eventually(
        () =>
          ['[0].prefixes"', '[1].cost"', '[1].networks"'].every((place) =>
            role.logs().includes(`providers${place}`),
          ),
        { what: 'the faults are named' },
      )
    }
    const ids = await at.submit(numbered('+49151', 50), at.nobody)
    await allAre(at.gateway.database, 'delivered', 50)
    expect(new Set((await at.providersOf(ids)).values())).toEqual(new Set(['primary']))
    const checked = await runCommand(['config', 'check'], at.environment)
    expect(checked.exitCode).toBe(2)
    expect(checked.stdout + checked.stderr).toContain('providers[1].networks')
  })
})

test('what only a provider that is out of service may have waits for it, and counts no attempt', async () => {
  await at.reload({ primary: 'prefixes = ["+49"]', secondary: 'prefixes = ["+1"]' })
  await at.order('drain', 'primary', 'draining')
  const german = await at.submit(numbered('+49151', 20), at.nobody)
  const others = await at.submit(numbered('+1202', 20), at.nobody)
  await eventually(async () => (await at.providersOf(others)).size === 20, {
    what: 'the others are sent',
  })
  expect((await at.providersOf(german)).size).toBe(0)
  await eventually(
    async () => {
      const rows = await at.gateway.database.sql<{ status: string; attempts: number }[]>`
        SELECT DISTINCT status, attempts FROM messages WHERE final_at IS NULL AND recipient LIKE '+49%'
          AND due_at IS NOT NULL`
      return rows.some(({ status, attempts }) => status === 'queued' && attempts === 0)
    },
    { what: 'they wait in the database' },
  )
  await at.order('enable', 'primary', 'enabled')
  expect(await at.sentTo(german)).toEqual(['primary'])
  const rows = await at.gateway.database.sql<{ place: string }[]>`
    SELECT DISTINCT status || ' ' || provider || ' ' || attempts AS place FROM messages
    WHERE recipient LIKE '+49%'`
  expect(rows.map(({ place }) => place)).toEqual(['delivered primary 1'])
})
