/** Who administered what, and when a key was used, on the compiled binary. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { runCommand } from '../support/gateway.ts'
import { type Gateway, startGateway } from '../support/gateway-fixture.ts'

const adminToken = 'an-admin-token'
const admin = { authorization: `Bearer ${adminToken}` }

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({
    without: ['processor', 'operator'],
    environment: { ADMIN_TOKEN: adminToken },
  })
  for (const id of ['1', '3']) {
    const made = await runCommand(['customers', 'create', 'A', '--id', id], gateway.environment)
    expect(made.exitCode).toBe(0)
  }
})
afterAll(() => gateway.close())

const command = (...args: string[]) => runCommand(args, gateway.environment)

type Headers = Readonly<Record<string, string>>

async function call(method: string, path: string, body?: unknown, headers: Headers = admin) {
  const response = await fetch(`${gateway.api.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const type = response.headers.get('content-type') ?? ''
  // biome-ignore lint/suspicious/noExplicitAny: tests compare it
  const answer: any = type.includes('json') ? await response.json() : await response.text()
  return { status: response.status, body: answer }
}

describe('the audit log', () => {
  test('has who did what, by the API and by commands; and no secrets', async () => {
    const { stdout } = await command('keys', 'create', '--staff', '--scope', 'admin')
    const key = stdout.trim()
    const prefix = key.slice(0, 16)
    const staff = { authorization: `Bearer ${key}` }
    const made = await call('POST', '/api/v1/keys', { customer_id: 3 }, staff)
    const third = made.body.prefix as string
    const rotated = await call('POST', `/api/v1/keys/${third}/rotate`, { overlap_s: 5 }, staff)
    await call('POST', `/api/v1/keys/${rotated.body.prefix}/revoke`, {}, staff)
    await call('POST', '/api/v1/customers/3/disable', {}, admin)
    await call('POST', '/api/v1/customers/3/enable', {}, admin)
    await call('POST', '/api/v1/customers/999/enable', {}, admin)
    await call('PATCH', '/api/v1/customers/3', { name: 'Third', settings: { privacy: null } })
    await command('providers', 'disable', 'backup', '--note', 'noted')
    await command('customers', 'disable', '999')
    const dead = Bun.randomUUIDv7()
    await gateway.database.sql`
      INSERT INTO messages (id, customer_id, expires_at, final_at, lane, status, recipient, body)
      VALUES (${dead}, 1, now(), now(), 'normal', 'failed', '+10000000', 'x')`
    await gateway.database.sql`
      INSERT INTO dead_letters (message_id, lane, attempts, error_code, detail)
      VALUES (${dead}, 'normal', 1, 'x', '')`
    expect((await command('dlq', 'purge', '--yes', dead)).exitCode).toBe(0)

    const list = async (query: string) => (await call('GET', `/api/v1/audit-log?${query}`)).body
    const { entries } = await list(`actor=${prefix}`)
    expect(
      entries.map(({ action, target }: { action: string; target: string }) => [action, target]),
    ).toEqual([
      ['api_key.revoked', rotated.body.prefix],
      ['api_key.rotated', third],
      ['api_key.created', third],
    ])
    expect(entries[0].request_id).toBeString()
    const [byToken] = (await list('actor=admin-token&action=customer.changed')).entries
    expect(byToken).toMatchObject({
      target: '3',
      detail: { name: true, settings: ['privacy removed'] },
    })
    const [ordered] = (await list('action=provider.ordered')).entries
    expect(ordered).toMatchObject({ target: 'backup', detail: { mode: 'disabled' } })
    expect(ordered.actor).toStartWith('cli:')
    const [purged] = (await list('action=dead_letters.purged&limit=1')).entries
    expect(purged.detail).toEqual({ count: 1, message_ids: [dead] })
    expect(JSON.stringify(await list('limit=1000'))).not.toContain('"999"')

    const route = { number: '+4915000000001', keyword: 'shop', customer_id: 3 }
    const routed = await call('POST', '/api/v1/inbound-routes', route)
    expect((await call('POST', '/api/v1/inbound-routes', route)).status).toBe(409)
    const target = String(routed.body.id)
    expect((await call('DELETE', `/api/v1/inbound-routes/${target}`)).status).toBe(200)
    expect((await call('DELETE', `/api/v1/inbound-routes/${target}`)).status).toBe(404)
    const { number, keyword, customer_id } = route
    for (const action of ['inbound_route.created', 'inbound_route.deleted']) {
      expect((await list(`action=${action}`)).entries).toMatchObject([
        { target, detail: { number, keyword, customer_id } },
      ])
    }

    const page = await list('limit=2')
    expect(page.entries.length).toBe(2)
    const next = await list(`limit=1000&cursor=${page.next_cursor}`)
    const all = await list('limit=1000')
    expect(next.entries).toEqual(all.entries.slice(2))
    const listed = await command('audit', 'list', '--json', '--limit', '1000')
    expect(
      listed.stdout
        .trim()
        .split('\n')
        .map((each) => JSON.parse(each)),
    ).toEqual(all.entries)
    expect((await command('audit', 'list', '--actor', prefix)).stdout).toContain('api_key.rotated')
    for (const secret of [key, rotated.body.key, made.body.key, adminToken]) {
      expect(listed.stdout).not.toContain(secret)
    }
    const faulty = await call('GET', '/api/v1/audit-log?action=x&from=y&limit=0&cursor=z&w=1')
    const errors = faulty.body.errors as { parameter: string }[]
    expect(errors.map(({ parameter }) => parameter).toSorted()).toEqual(
      ['action', 'cursor', 'from', 'limit', 'w'].toSorted(),
    )
  })

  test('tells when a key was used last', async () => {
    const { stdout } = await command('keys', 'create', '--customer', '1', '--scope', 'read')
    const key = stdout.trim()
    const lastUse = async () => {
      const { body } = await call('GET', '/api/v1/keys?customer_id=1')
      const keys = body.keys as { prefix: string; last_used_at: string | null }[]
      return keys.find(({ prefix }) => prefix === key.slice(0, 16))?.last_used_at
    }
    expect(await lastUse()).toBeNull()
    const headers = { authorization: `Bearer ${key}` }
    expect((await call('POST', '/api/v1/messages', {}, headers)).status).toBe(403)
    expect((await call('GET', '/api/v1/messages', undefined, headers)).status).toBe(200)
    const time = await eventually(lastUse, { what: 'its use is told' })
    const listed = await command('keys', 'list', '--customer', '1')
    expect(listed.stdout).toContain(time)
  })
})
