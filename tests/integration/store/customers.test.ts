/** Customers and API keys on a real PostgreSQL. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { issueKey } from '../../../src/api/issued-key.ts'
import type { NewApiKey } from '../../../src/store/api-keys.ts'
import { createStoreFixture, newMessage, type StoreFixture, validityMs } from './store-fixture.ts'

let fixture: StoreFixture
beforeAll(async () => {
  fixture = await createStoreFixture()
})
afterAll(() => fixture.close())

function newKey(changes: Partial<NewApiKey> = {}): NewApiKey & { key: string } {
  const issued = issueKey()
  return {
    ...issued,
    customerId: null,
    scopes: ['send'],
    note: null,
    expiresAt: null,
    ...changes,
  }
}

const find = async (prefix: string) => (await fixture.store.findApiKeys([prefix])).get(prefix)

describe('customers', () => {
  test('have the id they are given, or the next free one; also when many are made at once', async () => {
    const { store } = fixture
    const given = 1_000_000
    expect(await store.createCustomer(given, 'given')).toMatchObject({
      id: given,
      disabledAt: null,
    })
    expect(await store.createCustomer(given, 'again')).toBeNull()
    const made = await Promise.all(
      Array.from({ length: 8 }, (_, n) => store.createCustomer(null, `number ${n}`)),
    )
    const ids = made.map((customer) => customer?.id ?? 0).toSorted((a, b) => a - b)
    await store.insertMessages([{ ...newMessage(), customerId: given + 100 }], validityMs)
    const after = await store.createCustomer(null, 'after a message')
    // Nobody gets what was sent in a name that nobody had.
    expect(after?.id).toBe(given + 101)
    const next = Array.from({ length: 8 }, (_, n) => given + 1 + n)
    expect(ids).toEqual(next)
    const listed = async (after: number, limit: number) =>
      (await store.listCustomers(after, limit)).map(({ id }) => id)
    expect(await listed(given - 1, 3)).toEqual([given, given + 1, given + 2])
    expect(await listed(given + 6, 10)).toEqual([given + 7, given + 8, given + 101])
  })

  test('are disabled and enabled; it is told since when', async () => {
    const { store } = fixture
    await store.createCustomer(41, 'disabled')
    const first = await store.setCustomerDisabled(41, true)
    expect(first?.disabledAt).toBeDate()
    expect(await store.setCustomerDisabled(41, true)).toEqual(first)
    expect((await store.setCustomerDisabled(41, false))?.disabledAt).toBeNull()
    expect(await store.setCustomerDisabled(1_000, true)).toBeNull()
  })
})

test('it is known whether there has ever been a key', async () => {
  const another = await createStoreFixture()
  try {
    expect(await another.store.hasApiKeys()).toBe(false)
    const key = newKey()
    await another.store.createApiKey(key)
    await another.store.revokeApiKey(key.prefix)
    expect(await another.store.hasApiKeys()).toBe(true)
  } finally {
    await another.close()
  }
})

describe('API keys', () => {
  beforeAll(async () => {
    await fixture.store.createCustomer(42, 'with keys')
    await fixture.store.createCustomer(43, 'disabled')
  })

  test('are kept as a hash only', async () => {
    const { store } = fixture
    const key = newKey({ customerId: 42, scopes: ['send', 'read'], note: 'a "note", \\ and é' })
    expect(await store.createApiKey(key)).toMatchObject({
      prefix: key.prefix,
      customerId: 42,
      scopes: ['send', 'read'],
      note: 'a "note", \\ and é',
      revokedAt: null,
    })
    const hash = createHash('sha256').update(key.key).digest()
    expect(await find(key.prefix)).toEqual({
      hash,
      customerId: 42,
      scopes: ['send', 'read'],
      refusal: null,
    })
    const rows = await fixture.database.write`SELECT k::text AS row FROM api_keys k`
    expect(JSON.stringify(rows)).not.toContain(key.key.slice(key.prefix.length + 1))
  })

  test('of a customer that there is not are none', async () => {
    expect(await fixture.store.createApiKey(newKey({ customerId: 1_000 }))).toBeNull()
  })

  test('are refused when they are revoked, have expired, or their customer is disabled', async () => {
    const { store } = fixture
    const [revoked, expired, disabled] = [
      newKey({ customerId: 42 }),
      newKey({ expiresAt: new Date(Date.now() - 1) }),
      newKey({ customerId: 43 }),
    ]
    for (const key of [revoked, expired, disabled]) await store.createApiKey(key)
    const first = await store.revokeApiKey(revoked.prefix)
    expect(await store.revokeApiKey(revoked.prefix)).toEqual(first)
    await store.setCustomerDisabled(43, true)
    const prefixes = [revoked, expired, disabled].map(({ prefix }) => prefix)
    const found = await store.findApiKeys([...prefixes, 'sgw_nosuchprefix', '"\\'])
    expect(prefixes.map((prefix) => found.get(prefix)?.refusal)).toEqual([
      'revoked',
      'expired',
      'customer_disabled',
    ])
    expect(found.size).toBe(3)
    expect(await store.revokeApiKey('sgw_nosuchprefix')).toBeNull()
  })

  test('are rotated: the successor may do the same, the old one ends after the overlap', async () => {
    const { store } = fixture
    const old = newKey({ customerId: 42, scopes: ['read'], note: 'shop' })
    await store.createApiKey(old)
    const [later, atOnce] = [issueKey(), issueKey()]
    expect(await store.rotateApiKey(old.prefix, later, 60_000)).toMatchObject({
      prefix: later.prefix,
      customerId: 42,
      scopes: ['read'],
      note: 'shop',
      expiresAt: null,
    })
    expect((await find(old.prefix))?.refusal).toBeNull()
    const ending = newKey({ expiresAt: new Date(Date.now() + 3_600_000) })
    await store.createApiKey(ending)
    const successor = await store.rotateApiKey(ending.prefix, issueKey(), 0)
    expect(successor?.expiresAt).toEqual(ending.expiresAt)
    expect(await store.rotateApiKey(later.prefix, atOnce, 0)).not.toBeNull()
    expect((await find(later.prefix))?.refusal).toBe('expired')
    expect(await store.rotateApiKey(later.prefix, issueKey(), 0)).toBeNull()
    await store.revokeApiKey(old.prefix)
    expect(await store.rotateApiKey(old.prefix, issueKey(), 0)).toBeNull()
  })

  test('are listed by prefix, of all or of one customer', async () => {
    const { store } = fixture
    for (let count = 0; count < 4; count++) await store.createApiKey(newKey({ customerId: 42 }))
    await store.createApiKey(newKey())
    const all = await store.listApiKeys(null, '', 100)
    const prefixes = all.map(({ prefix }) => prefix)
    expect(prefixes).toEqual(prefixes.toSorted())
    const after = await store.listApiKeys(null, prefixes[1] ?? '', 2)
    expect(after.map(({ prefix }) => prefix)).toEqual(prefixes.slice(2, 4))
    const own = await store.listApiKeys(42, '', 100)
    expect(own).toEqual(all.filter(({ customerId }) => customerId === 42))
    expect(own.length).toBeGreaterThan(2)
  })
})
