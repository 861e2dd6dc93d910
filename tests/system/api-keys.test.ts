/** Customers and API keys on the compiled binary: made by the command line, taken, rotated, refused, kept apart. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { runCommand, startRole } from '../support/gateway.ts'
import { type Gateway, startGateway } from '../support/gateway-fixture.ts'

/** Within this a change is in effect in every process. */
const effectMsMax = 5_000
const adminToken = 'an-admin-token'
const admin = { authorization: `Bearer ${adminToken}` }

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({
    without: ['processor', 'operator'],
    environment: { ADMIN_TOKEN: adminToken, LOG_LEVEL: 'info' },
  })
  // This machine needs no key until there is one; it is said at the start.
  const said = 'there is no API key: only this machine is served'
  await eventually(() => gateway.api.logs().includes(said), { what: 'it is said' })
  expect((await submit({}, 1)).status).toBe(202)
  expect((await submit({ 'x-forwarded-for': '10.0.0.1' }, 1)).status).toBe(401)
  expect((await command('customers', 'create', 'First', '--id', '1')).exitCode).toBe(0)
  await keyOf('--customer', '1')
  await eventually(async () => (await submit({}, 1)).status === 401, {
    what: 'nobody is served without a key',
    timeoutMs: effectMsMax,
  })
})
afterAll(() => gateway.close())

const command = (...args: string[]) => runCommand(args, gateway.environment)

/** The key, as the command prints it. */
async function keyOf(...args: string[]): Promise<string> {
  const { exitCode, stdout } = await command('keys', 'create', ...args)
  expect(exitCode).toBe(0)
  return stdout.trim()
}

const prefixOf = (key: string) => key.slice(0, 'sgw_'.length + 12)

type Headers = Readonly<Record<string, string>>
const bearer = (key: string): Headers => ({ authorization: `Bearer ${key}` })

async function call(method: string, path: string, headers: Headers = {}, body?: unknown) {
  const response = await fetch(`${gateway.api.url}${path}`, {
    method,
    headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true
  return { status: response.status, body: isJson ? JSON.parse(text) : text }
}

const submit = (headers: Headers, customer_id?: number) =>
  call('POST', '/api/v1/messages', headers, {
    phone: '+491701234567',
    message: 'hello',
    ...(customer_id === undefined ? {} : { customer_id }),
  })

describe('the command line', () => {
  test('makes, lists, disables and enables customers', async () => {
    const { stdout } = await command('customers', 'create', 'Acme')
    const { id } = JSON.parse(stdout) as { id: number }
    expect((await command('customers', 'create', 'Acme', '--id', String(id))).exitCode).toBe(1)
    const listed = await command('customers', 'list')
    expect(listed.stdout).toMatch(new RegExp(`^ID .*NAME\\n[^]*\\n${id} +\\S+Z +- +Acme\\n`))
    const key = await keyOf('--customer', String(id), '--note', 'the shop')
    expect((await submit(bearer(key))).status).toBe(202)
    expect((await command('customers', 'disable', String(id))).exitCode).toBe(0)
    await eventually(async () => (await submit(bearer(key))).status === 403, {
      what: 'its keys are refused',
      timeoutMs: effectMsMax,
    })
    expect((await command('customers', 'enable', String(id))).exitCode).toBe(0)
    await eventually(async () => (await submit(bearer(key))).status === 202, {
      what: 'its keys are taken again',
      timeoutMs: effectMsMax,
    })
    const keys = await command('keys', 'list', '--customer', String(id))
    expect(keys.stdout).toContain(`${prefixOf(key)}  ${id}`)
    expect(keys.stdout).toContain('the shop')
    expect(keys.stdout).not.toContain(key)
  })

  test('says what is wrong', async () => {
    const faulty: string[][] = [
      ['keys', 'create'],
      ['keys', 'create', '--customer', '1', '--staff'],
      ['keys', 'create', '--customer', '1', '--scope', 'admin'],
      ['keys', 'create', '--staff', '--scope', 'everything'],
      ['keys', 'create', '--staff', '--expires', 'tomorrow'],
      ['keys', 'create', '--customer', '0'],
      ['keys', 'revoke', 'sgw_x'],
      ['keys', 'rotate', 'sgw_0a1b2c3d4e5f', '--overlap', '-1'],
      ['customers', 'create', ''],
      ['customers', 'disable', 'acme'],
    ]
    for (const args of faulty) expect((await command(...args)).exitCode).toBe(2)
    const missing: string[][] = [
      ['keys', 'create', '--customer', '999'],
      ['keys', 'revoke', 'sgw_0a1b2c3d4e5f'],
      ['keys', 'rotate', 'sgw_0a1b2c3d4e5f'],
      ['customers', 'enable', '999'],
    ]
    for (const args of missing) expect((await command(...args)).exitCode).toBe(1)
  })
})

describe('a key', () => {
  test('that is revoked is refused by every process within five seconds', async () => {
    const another = await startRole('api', {
      ...gateway.environment,
      APP_ADDR: `127.0.0.1:${await freePort()}`,
    })
    try {
      const key = await keyOf('--customer', '1')
      const statuses = async () => {
        const urls = [gateway.api.url, another.url]
        const listings = urls.map((url) =>
          fetch(`${url}/api/v1/messages?limit=1`, { headers: bearer(key) }),
        )
        return (await Promise.all(listings)).map(({ status }) => status)
      }
      expect(await statuses()).toEqual([200, 200])
      expect((await command('keys', 'revoke', prefixOf(key))).exitCode).toBe(0)
      await eventually(async () => (await statuses()).every((status) => status === 401), {
        what: 'both refuse it',
        timeoutMs: effectMsMax,
      })
    } finally {
      await another.kill()
    }
  })

  test('is rotated: both are taken during the overlap, and the successor after it', async () => {
    const old = await keyOf('--customer', '1', '--scope', 'send')
    const rotated = await command('keys', 'rotate', prefixOf(old))
    const next = rotated.stdout.trim()
    expect((await submit(bearer(old))).status).toBe(202)
    expect((await submit(bearer(next))).status).toBe(202)
    expect((await call('GET', '/api/v1/messages', bearer(next))).status).toBe(403)
    const atOnce = await call('POST', `/api/v1/keys/${prefixOf(next)}/rotate`, admin, {
      overlap_s: 0,
    })
    expect(atOnce.status).toBe(201)
    await eventually(async () => (await submit(bearer(next))).status === 401, {
      what: 'the old key is refused',
      timeoutMs: effectMsMax,
    })
    expect((await submit(bearer(atOnce.body.key))).status).toBe(202)
    expect((await submit(bearer(old))).status).toBe(202)
  })

  test('is in no log', async () => {
    const key = await keyOf('--staff', '--scope', 'admin', '--note', 'operations')
    const made = await call('POST', '/api/v1/keys', bearer(key), { customer_id: 1 })
    expect(made.status).toBe(201)
    await call('GET', '/api/v1/messages', bearer(`${key}x`))
    await eventually(() => gateway.api.logs().includes(made.body.prefix), { what: 'it is logged' })
    const logs = gateway.api.logs()
    for (const secret of [key, made.body.key, adminToken]) expect(logs).not.toContain(secret)
  })
})

describe('the admin API', () => {
  const bodies: [string, string, unknown, number, string[]][] = [
    ['no name', '/api/v1/customers', {}, 422, ['/name']],
    [
      'a name of nothing, and an id of 0',
      '/api/v1/customers',
      { name: '', id: 0 },
      422,
      ['/id', '/name'],
    ],
    ['an id that is taken', '/api/v1/customers', { name: 'x', id: 1 }, 409, []],
    ['nothing', '/api/v1/keys', {}, 422, ['/customer_id']],
    ['an array', '/api/v1/keys', [], 422, ['']],
    ['a customer that is none', '/api/v1/keys', { customer_id: 999 }, 404, []],
    [
      'a customer who administers',
      '/api/v1/keys',
      { customer_id: 1, scopes: ['admin'], note: 'a\nb' },
      422,
      ['/note', '/scopes'],
    ],
    [
      'a scope twice',
      '/api/v1/keys',
      { customer_id: 1, scopes: ['send', 'send'] },
      422,
      ['/scopes'],
    ],
    [
      'an overlap of years',
      '/api/v1/keys/sgw_0a1b2c3d4e5f/rotate',
      { overlap_s: 1e9 },
      422,
      ['/overlap_s'],
    ],
    ['a key that is none', '/api/v1/keys/sgw_0a1b2c3d4e5f/rotate', {}, 404, []],
    ['what cannot be a key', '/api/v1/keys/x/revoke', undefined, 404, []],
    ['what cannot be a customer', '/api/v1/customers/x/disable', undefined, 404, []],
  ]
  test.each(bodies)('%s', async (_, path, body, status, places) => {
    const answer = await call('POST', path, admin, body)
    expect(answer.status).toBe(status)
    const errors = (answer.body.errors ?? []) as { pointer: string }[]
    expect(errors.map(({ pointer }) => pointer).toSorted()).toEqual(places)
  })

  test('lists page by page', async () => {
    expect((await call('POST', '/api/v1/customers', admin, { name: 'A page' })).status).toBe(201)
    const seen: number[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`
      const { status, body } = await call('GET', `/api/v1/customers?limit=1${query}`, admin)
      expect(status).toBe(200)
      seen.push(...body.customers.map(({ id }: { id: number }) => id))
      cursor = body.next_cursor
    }
    expect(seen.length).toBeGreaterThan(1)
    expect(seen).toEqual([...new Set(seen)].toSorted((a, b) => a - b))
    expect((await call('GET', '/api/v1/customers?cursor=x&limit=0', admin)).status).toBe(422)
    expect((await call('GET', '/api/v1/keys?cursor=x&customer_id=y', admin)).status).toBe(422)
  })
})
