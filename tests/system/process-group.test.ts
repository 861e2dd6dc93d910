/** Stopping a role in several processes as a terminal or systemd does: every process of the group gets the signal. */
import { afterEach, describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { startRole } from '../support/gateway.ts'
import {
  behave,
  type Gateway,
  identities,
  startGateway,
  statusCounts,
  submitMany,
  verify,
} from '../support/gateway-fixture.ts'

let gateway: Gateway
afterEach(() => gateway.close())

const childrenOf = (pid: number): number[] =>
  Bun.spawnSync(['pgrep', '-P', String(pid)])
    .stdout.toString()
    .trim()
    .split('\n')
    .map(Number)

describe('several processes, all signalled at once', () => {
  test('end what they have under way, and leave nothing in doubt', async () => {
    gateway = await startGateway({ without: ['processor'] })
    const { database, environment, operatorUrl } = gateway
    for (const identity of identities) {
      await behave(operatorUrl, identity, { latency: { kind: 'fixed', value_ms: 1_000 } })
    }
    const ids = await submitMany(gateway.api.url, 200)
    const processor = await startRole('processor', environment, ['--processes', '2'])
    await eventually(async () => (await statusCounts(database)).sending === ids.length, {
      what: 'all are under way',
    })
    for (const pid of childrenOf(processor.pid)) process.kill(pid, 'SIGTERM')
    expect(await processor.stop()).toBe(0)
    const { sent = 0, delivered = 0 } = await statusCounts(database)
    expect(sent + delivered).toBe(ids.length)
    expect(await verify(operatorUrl, ids)).toMatchObject({ missing: [], repeated: [] })
  })
})
