/** Messages and their money in one commit, on a real PostgreSQL. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { NewMessage } from '../../../src/domain/message.ts'
import type { ReturnRule } from '../../../src/domain/money.ts'
import type { AcceptableRequest } from '../../../src/store/idempotency-keys.ts'
import type { RequestOutcome } from '../../../src/store/request-inserts.ts'
import { eventually } from '../../support/eventually.ts'
import { createPayer, enter as enterFor } from './payers.ts'
import { createStoreFixture, newMessage, type StoreFixture, validityMs } from './store-fixture.ts'

const day = 86_400_000

let fixture: StoreFixture
beforeAll(async () => {
  fixture = await createStoreFixture()
})
afterAll(async () => {
  expect(await fixture.store.auditLedger(null)).toEqual([])
  await fixture.close()
})

const enter = (customerId: number, amount: number) => enterFor(fixture.store, customerId, amount)
const payer = (amount: number, returnRule?: ReturnRule) =>
  createPayer(fixture.store, amount, returnRule)

function paid(customerId: number, price: number, returnRule: ReturnRule = 'not_sent'): NewMessage {
  return { ...newMessage(), customerId, charge: { price, returnRule } }
}

function request(messages: readonly NewMessage[], key: string | null = null): AcceptableRequest {
  if (key === null) return { key, messages }
  return {
    scope: 1,
    key,
    fingerprint: '07'.repeat(32),
    status: 202,
    response: `answer of ${key}`,
    messages,
  }
}

const insert = (...requests: AcceptableRequest[]): Promise<RequestOutcome[]> =>
  fixture.store.insertRequests(requests, validityMs)
const balanceOf = async (id: number) => (await fixture.store.getAccount(id))?.balance
const ledgerOf = async (id: number) =>
  (await fixture.store.listLedger(id, null, 100)).map(({ kind, amount, balance, messages }) => ({
    kind,
    amount,
    balance,
    messages,
  }))
const isThere = async ({ messages }: AcceptableRequest) =>
  (await fixture.store.queries.get(messages[0]?.id ?? '', null)) !== null

describe('requests', () => {
  test('are paid whole or not accepted, in their order', async () => {
    const id = await payer(100)
    const requests = [
      request([paid(id, 30), paid(id, 30)]),
      request([paid(id, 50)]),
      request([paid(id, 40)]),
      request([paid(id, 0)]),
      request([newMessage()]),
    ]
    expect(await insert(...requests)).toEqual(['taken', 'short', 'again', 'taken', 'taken'])
    expect(await balanceOf(id)).toBe(40)
    expect(await Promise.all(requests.map(isThere))).toEqual([true, false, false, true, true])
    expect(await insert(request([paid(id, 40)]))).toEqual(['taken'])
    expect(await ledgerOf(id)).toEqual([
      { kind: 'messages', amount: -40, balance: 0, messages: 1 },
      { kind: 'messages', amount: -60, balance: 40, messages: 2 },
      { kind: 'top_up', amount: 100, balance: 100, messages: 0 },
    ])
    expect(await insert(request([paid(id, 1)]), request([paid(id, 0)]))).toEqual(['short', 'taken'])
  })

  test('of several customers are paid by each, or not accepted', async () => {
    const [rich, poor] = [await payer(100), await payer(10)]
    expect(await insert(request([paid(rich, 20), paid(poor, 11)]))).toEqual(['short'])
    expect(await insert(request([paid(rich, 20), paid(poor, 10)]))).toEqual(['taken'])
    expect([await balanceOf(rich), await balanceOf(poor)]).toEqual([80, 0])
  })

  test('may go as far below zero as the credit', async () => {
    const id = await payer(0)
    await fixture.store.setAccount(id, { credit: 50 })
    expect(await insert(request([paid(id, 30)]), request([paid(id, 30)]))).toEqual([
      'taken',
      'short',
    ])
    expect(await balanceOf(id)).toBe(-30)
  })

  test('of nobody’s account are not accepted', async () => {
    expect(await insert(request([paid(999_999, 1)]))).toEqual(['short'])
  })

  test('with a key are paid once; one that is not paid leaves no key', async () => {
    const id = await payer(100)
    const first = request([paid(id, 60)], 'k1')
    expect(await insert(first, request([paid(id, 60)], 'k2'))).toEqual(['taken', 'short'])
    expect(await insert(request([paid(id, 1)], 'k1'))).toEqual(['known'])
    expect(await fixture.store.findKeyed([{ scope: 1, key: 'k2' }])).toEqual([null])
    expect((await fixture.store.findKeyed([first as never]))[0]?.response).toBe('answer of k1')
    await enter(id, 20)
    expect(await insert(request([paid(id, 60)], 'k2'))).toEqual(['taken'])
    expect(await balanceOf(id)).toBe(0)
  })

  test('that come at once take what there is, and no more', async () => {
    const price = 7
    const id = await payer(1_000 * price)
    const batches = Array.from({ length: 40 }, (_, batch) =>
      insert(
        ...Array.from({ length: 50 }, (__, index) =>
          request([paid(id, price)], index % 2 === 0 ? null : `at once ${batch} ${index}`),
        ),
      ),
    )
    const outcomes = (await Promise.all(batches)).flat()
    expect(outcomes.filter((outcome) => outcome === 'taken').length).toBe(1_000)
    expect(outcomes.filter((outcome) => outcome === 'short').length).toBe(1_000)
    expect(await balanceOf(id)).toBe(0)
    const [row] = await fixture.database.write.unsafe(
      `SELECT count(*)::int AS count FROM messages WHERE customer_id = ${id}`,
    )
    expect(row?.count).toBe(1_000)
  })

  test('of several payers at once, in any order, wait for each other and end', async () => {
    const payers = await Promise.all(Array.from({ length: 8 }, () => payer(10_000)))
    const turns = Array.from({ length: 60 }, (_, turn) => {
      const turned = [...payers.slice(turn % 8), ...payers.slice(0, turn % 8)]
      return insert(...turned.map((id) => request([paid(id, 5)], `turn ${turn} ${id}`)))
    })
    const outcomes = (await Promise.all(turns)).flat()
    expect(new Set(outcomes)).toEqual(new Set(['taken']))
    expect(await Promise.all(payers.map(balanceOf))).toEqual(payers.map(() => 10_000 - 60 * 5))
  })
})

describe('the ledger', () => {
  test('takes a reference once, and is only ever added to', async () => {
    const id = await payer(0)
    const entry = { kind: 'top_up', amount: 5, reference: 'r', note: 'cash' } as const
    const all = await Promise.all(
      Array.from({ length: 10 }, () => fixture.store.enterInLedger(id, entry)),
    )
    expect(all.filter((entered) => entered?.isNew).length).toBe(1)
    expect(new Set(all.map((entered) => entered?.entry.id)).size).toBe(1)
    expect(await balanceOf(id)).toBe(5)
    expect(await fixture.store.enterInLedger(999_999, entry)).toBeNull()
    for (const statement of [
      'UPDATE ledger_entries SET amount = 1',
      'DELETE FROM ledger_entries',
      'TRUNCATE ledger_entries',
    ]) {
      const refused = await fixture.database.write.unsafe(statement).catch((error: Error) => error)
      expect(String(refused)).toContain('only ever added to')
    }
  })

  test('is listed from its end', async () => {
    const id = await payer(1)
    for (const amount of [2, 3, 4]) await enter(id, amount)
    const [last, before] = await fixture.store.listLedger(id, null, 2)
    expect([last?.amount, before?.amount]).toEqual([4, 3])
    const rest = await fixture.store.listLedger(id, before?.id ?? null, 10)
    expect(rest.map(({ amount }) => amount)).toEqual([2, 1])
  })
})

describe('returns', () => {
  /** A message that is paid, claimed, and whose claim is settled so. */
  async function settled(
    id: number,
    rule: ReturnRule,
    result: 'queued' | 'rejected' | 'unknown' | 'failed',
  ): Promise<string> {
    const message = paid(id, 10, rule)
    expect(await insert(request([message]))).toEqual(['taken'])
    const [claimed] = await fixture.store.claimMessages([{ id: message.id, provider: 'a' }], 60_000)
    await fixture.store.settleUnsent([
      {
        id: message.id,
        claimToken: claimed?.claimToken ?? '',
        lane: 'normal',
        result,
        retryInMs: 1_000,
        provider: 'a',
        inDoubtProvider: null,
        failures: [],
      },
    ])
    return message.id
  }

  test.each([
    ['failed', 'not_sent', 100],
    ['rejected', 'not_sent', 100],
    ['unknown', 'not_sent', 90],
    ['queued', 'not_sent', 90],
    ['failed', 'never', 90],
    ['unknown', 'not_delivered', 90],
  ] as const)('%s with %s', async (result, rule, balance) => {
    const id = await payer(100, rule)
    await settled(id, rule, result)
    expect(await balanceOf(id)).toBe(balance)
  })

  test('go back when it is canceled, once', async () => {
    const id = await payer(100)
    const message = paid(id, 10)
    await insert(request([message]))
    const states = await Promise.all(
      Array.from({ length: 5 }, () => fixture.store.cancelMessage(message.id, id)),
    )
    expect(new Set(states)).toEqual(new Set(['canceled']))
    expect(await balanceOf(id)).toBe(100)
  })

  test('and are taken again by a replay, also when there is too little', async () => {
    const id = await payer(10)
    const message = await settled(id, 'not_sent', 'failed')
    await insert(request([paid(id, 8)]))
    const replay = () => fixture.store.replayDeadLetters([message], validityMs, day)
    expect((await Promise.all([replay(), replay()])).flat()).toEqual([message])
    expect(await balanceOf(id)).toBe(-8)
  })

  test.each([
    ['delivered', 'not_delivered', 90],
    ['undelivered', 'not_delivered', 100],
    ['undelivered', 'not_sent', 90],
    // It was sent, though its report overtook the record of that.
    ['rejected', 'not_sent', 90],
  ] as const)('a report %s with %s', async (status, rule, balance) => {
    const id = await payer(100, rule)
    const message = paid(id, 10, rule)
    await insert(request([message]))
    const [claimed] = await fixture.store.claimMessages([{ id: message.id, provider: 'a' }], 60_000)
    const providerMessageId = crypto.randomUUID()
    const sent = {
      id: message.id,
      claimToken: claimed?.claimToken ?? '',
      provider: 'a',
      providerMessageId,
      failures: [],
    }
    await fixture.store.settleSent([sent], day)
    const report = { provider: 'a', providerMessageId, status, errorCode: null, occurredAtMs: null }
    for (let repeat = 0; repeat < 2; repeat++) {
      await fixture.store.applyReports([report], day, Date.now())
    }
    expect(await balanceOf(id)).toBe(balance)
  })

  test('of what was never sent in its time', async () => {
    const id = await payer(100)
    const message = {
      ...paid(id, 10),
      timing: { scheduleAtMs: null, expiresAtMs: null, validForMs: 1 },
    }
    await insert(request([message]))
    const options = {
      recheckMs: 1_000,
      reportTimeoutMs: day,
      unknownProviders: [],
      attemptsMax: 10,
      oldestQueuedAgeMs: null,
    }
    const expired = async () =>
      (await fixture.store.promoteDue('normal', options)).promotions.some(
        (due) => due.id === message.id,
      )
    await eventually(expired, { what: 'it is expired' })
    expect(await balanceOf(id)).toBe(100)
  })
})
