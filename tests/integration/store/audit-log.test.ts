/** The audit log on a real PostgreSQL: in the commit of what was done, and there to stay. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createStoreFixture, type StoreFixture } from './store-fixture.ts'

let fixture: StoreFixture
beforeAll(async () => {
  fixture = await createStoreFixture()
})
afterAll(() => fixture.close())

const by = { actor: 'sgw_0a1b2c3d4e5f', requestId: 'a-request' }

const made = (id: number) =>
  fixture.store.recorded(
    by,
    (changes) => changes.createCustomer(id, 'somebody'),
    (customer) =>
      customer && { action: 'customer.created', target: `${customer.id}`, detail: { id } },
  )

describe('the audit log', () => {
  test('has what was done, and not what was not', async () => {
    expect(await made(1)).toMatchObject({ id: 1 })
    expect(await made(1)).toBeNull()
    const [newest, ...older] = await fixture.store.listAuditLog({}, null, 10)
    expect(newest).toMatchObject({
      ...by,
      action: 'customer.created',
      target: '1',
      detail: { id: 1 },
    })
    expect(newest?.at).toBeDate()
    expect(older.filter(({ target }) => target === '1')).toEqual([])
  })

  test('neither is there when one of both fails', async () => {
    const failed = fixture.store.recorded(
      by,
      (changes) => changes.createCustomer(7, 'nobody'),
      () => {
        throw new Error('it fails')
      },
    )
    await expect(failed).rejects.toThrow('it fails')
    expect(await fixture.store.getCustomer(7)).toBeNull()
    const refused = fixture.store.recorded(
      by,
      (changes) => changes.createCustomer(-1, 'nobody'),
      () => ({ action: 'customer.created', target: '-1' }),
    )
    await expect(refused).rejects.toMatchObject({ code: '23514' })
    const entries = await fixture.store.listAuditLog({}, null, 100)
    expect(entries.filter(({ target }) => target === '-1')).toEqual([])
  })

  test('what a change tries again after a failure is done in a new transaction', async () => {
    const { store } = fixture
    await store.createCustomer(70, 'pays')
    await store.setAccount(70, {})
    const entered = await Promise.all(
      Array.from({ length: 8 }, () =>
        store.recorded(
          by,
          (changes) =>
            changes.enterInLedger(70, { kind: 'top_up', amount: 5, reference: 'r', note: null }),
          (done) => (done?.isNew ? { action: 'ledger.entered', target: '70' } : null),
        ),
      ),
    )
    expect(entered.filter((done) => done?.isNew)).toHaveLength(1)
    expect(await store.listAuditLog({ action: 'ledger.entered' }, null, 10)).toHaveLength(1)
  })

  test('is listed newest first, by its filters, page by page', async () => {
    for (const [actor, target] of [
      ['cli:root', 'a'],
      ['cli:root', 'b'],
      ['admin-token', 'c'],
    ] as const) {
      await fixture.store.recorded(
        { actor, requestId: null },
        async () => target,
        () => ({ action: 'api_key.revoked', target }),
      )
    }
    const targets = async (...args: Parameters<typeof fixture.store.listAuditLog>) =>
      (await fixture.store.listAuditLog(...args)).map(({ target }) => target)
    const action = 'api_key.revoked' as const
    expect(await targets({ action }, null, 10)).toEqual(['c', 'b', 'a'])
    expect(await targets({ action, actor: 'cli:root' }, null, 10)).toEqual(['b', 'a'])
    const [first] = await fixture.store.listAuditLog({ action }, null, 1)
    expect(await targets({ action }, first?.id ?? 0, 1)).toEqual(['b'])
    const now = new Date()
    expect(await targets({ action, from: now }, null, 10)).toEqual([])
    expect(await targets({ action, to: now }, null, 10)).toEqual(['c', 'b', 'a'])
  })

  test('is not changed, nor removed before its time; after two years it is', async () => {
    await made(2)
    const { write } = fixture.database
    const append = { code: '42501' }
    await expect(write`UPDATE audit_log SET actor = 'nobody'`.execute()).rejects.toMatchObject(
      append,
    )
    await expect(write`DELETE FROM audit_log`.execute()).rejects.toMatchObject(append)
    await expect(write`TRUNCATE audit_log`.execute()).rejects.toMatchObject(append)
    expect(await fixture.store.forgetAuditLog()).toBe(0)
    await write`INSERT INTO audit_log (at, actor, action, target)
      VALUES (now() - interval '731 days', 'x', 'customer.created', 'old')`
    expect(await fixture.store.forgetAuditLog()).toBe(1)
    expect(await fixture.store.forgetAuditLog()).toBe(0)
  })
})
