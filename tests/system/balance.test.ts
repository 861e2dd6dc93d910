/** The balance under concurrency and a crash, on the compiled binary: what is accepted is paid, and nothing else. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { freePort } from '../support/free-port.ts'
import { startRole } from '../support/gateway.ts'
import { type MoneyGateway, startMoneyGateway } from '../support/money-fixture.ts'

let fixture: MoneyGateway
beforeAll(async () => {
  fixture = await startMoneyGateway()
})
afterAll(() => fixture.close())

const submitTo = (url: string, id: number) => fixture.submit(id, {}, {}, url)

describe('10,000 submits against money for 5,000', () => {
  const submitsMsMax = 60_000
  test(
    'exactly 5,000 are accepted, over two processes, and the ledger is exact',
    async () => {
      const id = await fixture.payer('375')
      const inWork = 256
      const statuses: number[] = []
      let next = 0
      async function client(url: string): Promise<void> {
        while (next++ < 10_000) {
          let { status } = await submitTo(url, id)
          // Overload is told, and the money is still there.
          while (status === 503) status = (await submitTo(url, id)).status
          statuses.push(status)
        }
      }
      const urls = fixture.urls
      await Promise.all(Array.from({ length: inWork }, (_, index) => client(urls[index % 2] ?? '')))
      const count = (status: number) => statuses.filter((each) => each === status).length
      expect([count(202), count(402)]).toEqual([5_000, 5_000])
      expect(await fixture.balanceOf(id)).toBe('0.00')
      const audit = await fixture.command('accounts', 'audit')
      expect([audit.exitCode, audit.stdout.trim()]).toEqual([
        0,
        'every balance is the sum of its entries',
      ])
      const entries = await fixture.command('accounts', 'entries', String(id), '--json')
      const lines = entries.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
      const paid = lines.filter(({ kind }) => kind === 'messages')
      expect(paid.reduce((sum, { messages }) => sum + messages, 0)).toBe(5_000)
    },
    submitsMsMax,
  )

  test('also when a process is killed in between: what is charged is accepted', async () => {
    const id = await fixture.payer('375')
    const doomed = await startRole('api', {
      ...fixture.gateway.environment,
      APP_ADDR: `127.0.0.1:${await freePort()}`,
    })
    let accepted = 0
    let next = 0
    async function client(url: string): Promise<void> {
      while (next++ < 3_000) {
        const answer = await submitTo(url, id).catch(() => null)
        if (answer?.status === 202) accepted++
        if (next === 1_500) doomed.kill()
      }
    }
    const urls = [doomed.url, fixture.urls[1]]
    await Promise.all(Array.from({ length: 64 }, (_, index) => client(urls[index % 2] ?? '')))
    expect(accepted).toBeGreaterThan(500)
    let messages = 0
    let cursor: unknown = null
    do {
      const query = cursor === null ? '' : `&cursor=${cursor}`
      const { body } = await fixture.call(
        'GET',
        `/api/v1/account/entries?customer_id=${id}&limit=1000${query}`,
      )
      for (const entry of body.entries as { kind: string; messages: number }[]) {
        if (entry.kind === 'messages') messages += entry.messages
      }
      cursor = body.next_cursor
    } while (cursor !== null)
    // Of those whose answer got lost nobody knows; but they are paid exactly when they are there.
    expect(messages).toBeGreaterThanOrEqual(accepted)
    const balance = Number(await fixture.balanceOf(id))
    expect(balance).toBeCloseTo(375 - messages * 0.075, 6)
    const [row] = await fixture.gateway.database.sql`
      SELECT count(*)::int AS count FROM messages WHERE customer_id = ${id}`
    expect(row?.count).toBe(messages)
    expect((await fixture.command('accounts', 'audit')).exitCode).toBe(0)
  })
})
