/** Money on the compiled binary: prices, balances, the ledger, and what goes back. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'
import { effectMsMax, type MoneyGateway, startMoneyGateway } from '../support/money-fixture.ts'

let fixture: MoneyGateway
beforeAll(async () => {
  fixture = await startMoneyGateway()
})
afterAll(() => fixture.close())

const call: MoneyGateway['call'] = (...args) => fixture.call(...args)
const submit: MoneyGateway['submit'] = (...args) => fixture.submit(...args)
const payer: MoneyGateway['payer'] = (...args) => fixture.payer(...args)
const balanceOf: MoneyGateway['balanceOf'] = (...args) => fixture.balanceOf(...args)
const command: MoneyGateway['command'] = (...args) => fixture.command(...args)

const becomes = (id: unknown, status: string) =>
  eventually(async () => (await call('GET', `/api/v1/messages/${id}`)).body.status === status, {
    what: `${id} is ${status}`,
  })

describe('a message', () => {
  test('costs its segments by the longest prefix, and says so', async () => {
    const id = await payer('1.00')
    const cheap = await submit(id)
    const long = await submit(id, { phone: '+4915112345678', message: 'a'.repeat(161) })
    const free = await submit(id, { phone: '+12025550100' })
    expect([cheap.status, long.status, free.status]).toEqual([202, 202, 202])
    const shown = async (answer: typeof cheap) =>
      (await call('GET', `/api/v1/messages/${answer.body.id}`)).body.price
    expect([await shown(cheap), await shown(long), await shown(free)]).toEqual([
      '0.075',
      '0.16',
      '0.00',
    ])
    expect(await balanceOf(id)).toBe('0.765')
    const preview = { phone: '+4915112345678', message: 'a'.repeat(161), customer_id: id }
    const previewed = await call('POST', '/api/v1/messages/preview', preview)
    expect(previewed.body).toMatchObject({ segments: 2, recipient: { price: '0.16' } })
    expect(await balanceOf(id)).toBe('0.765')
    const nowhere = await submit(id, { phone: '+33123456789' })
    expect(nowhere).toMatchObject({ status: 422, body: { errors: [{ pointer: '/phone' }] } })
  })

  test('is refused when the balance is short: 402, and with a key taken later', async () => {
    const id = await payer('0.10')
    const key = { 'idempotency-key': 'a-key' }
    expect((await submit(id, {}, key)).status).toBe(202)
    const short = await submit(id)
    expect(short).toMatchObject({
      status: 402,
      body: { type: 'urn:sms-gateway:problem:insufficient-balance' },
    })
    expect((await submit(id, {}, { 'idempotency-key': 'another' })).status).toBe(402)
    // What was paid before is answered again.
    expect((await submit(id, {}, key)).status).toBe(202)
    const entry = { kind: 'top_up', amount: '0.05', reference: 'more' }
    await call('POST', `/api/v1/customers/${id}/account/entries`, entry)
    expect((await submit(id, {}, { 'idempotency-key': 'another' })).status).toBe(202)
    expect(await balanceOf(id)).toBe('0.00')
  })

  test('a batch is paid whole, or not accepted', async () => {
    const id = await payer('0.20')
    const message = { phone: '+491701234567', message: 'hello', customer_id: id }
    const batch = (count: number, headers = {}) =>
      call('POST', '/api/v1/messages/batch', { messages: Array(count).fill(message) }, headers)
    const short = await batch(3)
    expect(short.status).toBe(402)
    expect((short.body.messages as unknown[]).length).toBe(3)
    expect((await batch(3, { 'idempotency-key': 'batch' })).status).toBe(402)
    expect((await batch(2, { 'idempotency-key': 'batch' })).status).toBe(202)
    expect(await balanceOf(id)).toBe('0.05')
  })

  test('is returned when it never left, by the rule of the account', async () => {
    const [fair, hard] = [await payer('1'), await payer('1', 'never')]
    for (const [id, balance] of [
      [fair, '1.00'],
      [hard, '0.925'],
    ] as const) {
      const later = new Date(Date.now() + 3_600_000).toISOString()
      const accepted = await submit(id, { schedule_at: later })
      expect(await balanceOf(id)).toBe('0.925')
      const canceled = await call('POST', `/api/v1/messages/${accepted.body.id}/cancel`)
      expect(canceled.status).toBe(200)
      expect(await balanceOf(id)).toBe(balance)
    }
  })

  test('that arrives stays paid; the customer sees the ledger', async () => {
    const id = await payer('1', 'not_delivered')
    const accepted = await submit(id)
    await becomes(accepted.body.id, 'delivered')
    const { body } = await call('GET', `/api/v1/account/entries?customer_id=${id}&limit=1`)
    expect(body.entries).toMatchObject([{ kind: 'messages', amount: '-0.075', messages: 1 }])
    const rest = await call(
      'GET',
      `/api/v1/account/entries?customer_id=${id}&cursor=${body.next_cursor}`,
    )
    expect(rest.body).toMatchObject({
      entries: [{ kind: 'top_up', amount: '1.00' }],
      next_cursor: null,
    })
  })
})

describe('the admin API and the command line', () => {
  test('open accounts, enter money once, and set prices', async () => {
    const made = await command('customers', 'create', 'By command')
    const { id } = JSON.parse(made.stdout)
    expect((await command('accounts', 'show', String(id))).exitCode).toBe(1)
    const opened = await command('accounts', 'set', String(id), '--credit', '5')
    expect(JSON.parse(opened.stdout)).toMatchObject({ credit: '5.00', available: '5.00' })
    for (const isNew of [true, false]) {
      const entered = await command('accounts', 'enter', String(id), '2.5', '--reference', 'r 1')
      expect(entered.exitCode).toBe(0)
      expect(entered.stderr.includes('entered before')).toBe(!isNew)
    }
    const taken = await command(
      'accounts',
      'enter',
      String(id),
      '-1',
      '--adjustment',
      '--reference',
      'r 2',
    )
    expect(JSON.parse(taken.stdout)).toMatchObject({ amount: '-1.00', balance: '1.50' })
    expect(
      (await command('accounts', 'enter', String(id), '9', '--reference', 'r 1')).exitCode,
    ).toBe(1)
    const file = join(tmpdir(), `sms-gateway-prices-${process.pid}.json`)
    writeFileSync(file, '{"+49": "0.5"}')
    expect((await command('prices', 'set', file, '--customer', String(id))).exitCode).toBe(0)
    const shown = await command('prices', 'show', '--customer', String(id))
    expect(JSON.parse(shown.stdout)).toMatchObject({ customer_id: id, prices: { '+49': '0.50' } })
    await eventually(
      async () => {
        const before = await balanceOf(id)
        await submit(id)
        return Number(before) - Number(await balanceOf(id)) === 0.5
      },
      { what: 'its own price is in force', timeoutMs: effectMsMax },
    )
    writeFileSync(file, '{"49": "0.5", "+1": 3, "+2": "-1"}')
    const bad = await command('prices', 'set', file)
    expect(bad.exitCode).toBe(2)
    for (const place of ['/49 is no prefix', '/+1 must be', '/+2 must be']) {
      expect(bad.stderr).toContain(place)
    }
  })

  const path = '/api/v1/customers/1/account/entries'
  test.each([
    ['PUT', '/api/v1/customers/999/account', {}, 404, []],
    [
      'PUT',
      '/api/v1/customers/1/account',
      { credit: 5, return_rule: 'x', y: 1 },
      422,
      ['/credit', '/return_rule', '/y'],
    ],
    [
      'POST',
      '/api/v1/customers/999/account/entries',
      { kind: 'top_up', amount: '1', reference: 'x' },
      404,
      [],
    ],
    ['POST', path, { kind: 'top_up', amount: '', reference: 'x' }, 422, ['/amount']],
    ['POST', path, {}, 422, ['/amount', '/kind', '/reference']],
    [
      'POST',
      path,
      { kind: 'messages', amount: '0', reference: '' },
      422,
      ['/amount', '/kind', '/reference'],
    ],
    ['POST', path, { kind: 'top_up', amount: '-1', reference: 'x' }, 422, ['/amount']],
    ['PUT', '/api/v1/prices', { prices: [] }, 422, ['/prices']],
    ['PUT', '/api/v1/prices', { prices: { 'x/y': '1' } }, 422, ['/prices/x~1y']],
    ['PUT', '/api/v1/customers/999/prices', { prices: {} }, 404, []],
    ['GET', '/api/v1/account', undefined, 422, []],
    ['GET', '/api/v1/account?customer_id=x', undefined, 422, []],
    ['GET', '/api/v1/account?customer_id=999', undefined, 404, []],
    ['GET', '/api/v1/account/entries?customer_id=1&cursor=x&limit=0', undefined, 422, []],
  ] as const)('%s %s %j', async (method, address, body, status, places) => {
    const answer = await call(method, address, body)
    expect(answer.status).toBe(status)
    const errors = (answer.body.errors ?? []) as { pointer?: string }[]
    const pointers = errors.flatMap(({ pointer }) => (pointer === undefined ? [] : [pointer]))
    expect(pointers.toSorted()).toEqual([...places])
  })
})
