/** Who gets into the console, who does not, and when they are out again. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { signIn, trySignIn } from '../support/console-client.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { type RunningRole, runCommand, startRole } from '../support/gateway.ts'
import { type Gateway, startGateway } from '../support/gateway-fixture.ts'
import { queueEnvironment } from '../support/redis-prefix.ts'
import { startApiProcess } from './api-process.ts'

const adminToken = 'the-admin-token'
const secrets = [adminToken, 'secret-of-primary']

let gateway: Gateway
let other: RunningRole
beforeAll(async () => {
  gateway = await startGateway({
    environment: { ADMIN_TOKEN: adminToken },
    without: ['processor', 'operator'],
  })
  other = await startRole('api', {
    ...gateway.environment,
    APP_ADDR: `127.0.0.1:${await freePort()}`,
  })
})
afterAll(async () => {
  await other.kill()
  await gateway.close()
})

async function command(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runCommand(args, gateway.environment)
  if (exitCode !== 0) throw new Error(stderr)
  return stdout.trim()
}

const prefixOf = (key: string): string => key.split('_').slice(0, 2).join('_')

describe('signing in', () => {
  test('gives a cookie that scripts cannot read and other sites do not send', async () => {
    const answer = await trySignIn(gateway.api.url, adminToken)
    expect(answer.status).toBe(204)
    const cookie = answer.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(
      /^sms_gateway_console=[\w-]{43}; Path=\/console; HttpOnly; SameSite=Strict; Max-Age=43200$/,
    )
    const overTls = await trySignIn(gateway.api.url, adminToken, { 'x-forwarded-proto': 'https' })
    expect(overTls.headers.get('set-cookie')).toEndWith('; Secure')
  })

  test('is for those who may administer, at every process, and is in the audit log', async () => {
    const key = await command('keys', 'create', '--staff', '--scope', 'send', 'read', 'admin')
    const { send, cookie } = await signIn(gateway.api.url, key)
    expect((await send('/console/api/v1/providers')).status).toBe(200)
    const elsewhere = await fetch(`${other.url}/console/session`, { headers: { cookie } })
    expect(await elsewhere.json()).toMatchObject({ signed_in: true, who: prefixOf(key) })
    expect(await command('audit', 'list', '--json')).toContain(
      `"actor":"${prefixOf(key)}","action":"console.signed_in"`,
    )
    const customer = await command('customers', 'create', 'Acme')
    const id = /\d+/.exec(customer)?.[0] ?? ''
    const ofCustomer = await command('keys', 'create', '--customer', id)
    const refused = await trySignIn(gateway.api.url, ofCustomer)
    expect([refused.status, refused.headers.get('set-cookie')]).toEqual([403, null])
  })

  test.each([
    ['no body', undefined, 415],
    ['no key', {}, 422],
    ['a key that is no text', { key: 5 }, 422],
    ['an empty key', { key: '' }, 422],
    ['a long key', { key: 'x'.repeat(513) }, 422],
    ['something more', { key: 'x', remember: true }, 422],
    ['a large body', { key: 'x'.repeat(2_000) }, 413],
  ])('with %s is refused in words', async (_, body, status) => {
    const answer = await fetch(`${gateway.api.url}/console/sign-in`, {
      method: 'POST',
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
  })

  test('from a page of another site is refused, whatever the key', async () => {
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'http://evil.example' }]) {
      expect((await trySignIn(gateway.api.url, adminToken, headers)).status).toBe(403)
    }
  })
})

describe('a session', () => {
  test('changes nothing without the token of the page, or for a page of another site', async () => {
    const { send } = await signIn(gateway.api.url, adminToken)
    const drain = (headers?: Record<string, string>) =>
      send('/console/api/v1/providers/primary/drain', 'POST', {}, headers)
    for (const headers of [
      { 'x-csrf-token': '' },
      { 'x-csrf-token': 'x'.repeat(43) },
      { origin: 'http://evil.example' },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      expect((await drain(headers)).status).toBe(403)
    }
    expect(await command('providers', 'list', '--json')).toContain('"mode":"enabled"')
    expect((await drain()).status).toBe(200)
    expect((await send('/console/api/v1/providers/primary/enable', 'POST', {})).status).toBe(200)
  })

  test('is nothing to the API itself', async () => {
    const { send, cookie } = await signIn(gateway.api.url, adminToken)
    const token = cookie.split('=')[1] ?? ''
    for (const headers of [{ cookie }, { authorization: `Bearer ${token}` }]) {
      expect((await fetch(`${gateway.api.url}/api/v1/providers`, { headers })).status).toBe(401)
    }
    expect(
      (await send('/console/api/v1/providers/primary/delivery-reports', 'POST', {})).status,
    ).toBe(401)
    expect((await send('/console/api/v1/nothing')).status).toBe(404)
    expect((await send('/console/api/health')).status).toBe(404)
  })

  test('ends with a sign-out, with its key, and with what is no session', async () => {
    const { send, cookie } = await signIn(gateway.api.url, adminToken)
    expect((await send('/console/sign-out', 'POST')).headers.get('set-cookie')).toContain(
      'Max-Age=0',
    )
    expect((await send('/console/api/v1/providers')).status).toBe(401)
    const again = await fetch(`${gateway.api.url}/console/session`, { headers: { cookie } })
    expect(await again.json()).toMatchObject({ signed_in: false })

    const key = await command('keys', 'create', '--staff', '--scope', 'send', 'read', 'admin')
    const ofKey = await signIn(gateway.api.url, key)
    expect((await ofKey.send('/console/api/v1/providers')).status).toBe(200)
    await command('keys', 'revoke', prefixOf(key))
    await eventually(async () => (await ofKey.send('/console/api/v1/providers')).status === 401, {
      what: 'the session of the revoked key is over',
    })
    for (const forged of ['', 'x', 'x'.repeat(5_000), '"; DROP TABLE']) {
      const answer = await fetch(`${gateway.api.url}/console/live`, {
        headers: { cookie: `sms_gateway_console=${encodeURIComponent(forged)}` },
      })
      expect(answer.status).toBe(401)
    }
  })

  test('is not needed by who watches with a credential, which must be a right one', async () => {
    const watch = async (key: string) => {
      const headers = { authorization: `Bearer ${key}` }
      const response = await fetch(`${gateway.api.url}/console/live`, { headers })
      await response.body?.cancel()
      return response.status
    }
    expect([await watch(adminToken), await watch('wrong')]).toEqual([200, 401])
    // What the console is asked else, it is asked with a session.
    const headers = { authorization: `Bearer ${adminToken}` }
    const configuration = await fetch(`${gateway.api.url}/console/configuration`, { headers })
    expect(configuration.status).toBe(401)
  })

  test('shows the configuration without a secret', async () => {
    const { send } = await signIn(gateway.api.url, adminToken)
    const text = await (await send('/console/configuration')).text()
    expect(text).toContain('"name":"ADMIN_TOKEN","value":"***"')
    for (const secret of secrets) expect(text).not.toContain(secret)
  })
})

test('after ten wrong keys an address is locked out, also with a right one and elsewhere', async () => {
  // With counters of their own: the other tests sign in from here too.
  const environment = { ...gateway.environment, ...queueEnvironment() }
  const start = async () =>
    startRole('api', { ...environment, APP_ADDR: `127.0.0.1:${await freePort()}` })
  const [here, there] = [await start(), await start()]
  try {
    const attempts = await Promise.all(
      Array.from({ length: 12 }, (_, index) => trySignIn(here.url, `wrong ${index}`)),
    )
    const statuses = attempts.map(({ status }) => status).sort()
    expect(statuses).toEqual([...new Array(10).fill(403), 429, 429])
    const locked = await trySignIn(there.url, adminToken)
    expect(locked.status).toBe(429)
    const retryAfter = Number(locked.headers.get('retry-after'))
    expect(retryAfter).toBeGreaterThan(600)
    expect(retryAfter).toBeLessThanOrEqual(900)
  } finally {
    await Promise.all([here.kill(), there.kill()])
  }
})

describe('without any key', () => {
  test('a standalone is open to its own machine, and to no page or proxy', async () => {
    const standalone = await startApiProcess()
    try {
      const session = await fetch(`${standalone.url}/console/session`)
      const body = (await session.json()) as Record<string, unknown>
      expect(body).toMatchObject({ signed_in: true, who: 'this machine', can_sign_out: false })
      const drain = (headers: Record<string, string>) =>
        fetch(`${standalone.url}/console/api/v1/providers/primary/drain`, {
          method: 'POST',
          headers,
        })
      const token = { 'x-csrf-token': String(body.csrf_token) }
      expect((await drain({})).status).toBe(403)
      expect((await drain({ ...token, 'x-forwarded-for': '203.0.113.9' })).status).toBe(401)
      expect((await drain({ ...token, origin: 'http://evil.example' })).status).toBe(401)
      expect((await drain({ ...token, host: 'gateway.example' })).status).toBe(401)
      expect((await drain(token)).status).toBe(200)
    } finally {
      await standalone.stop()
    }
  })

  test('the role api is open to nobody, and CONSOLE=off closes it', async () => {
    const { ADMIN_TOKEN: _, ...environment } = gateway.environment
    const closed = await startRole('api', {
      ...environment,
      APP_ADDR: `127.0.0.1:${await freePort()}`,
    })
    const off = await startRole('api', {
      ...gateway.environment,
      CONSOLE: 'off',
      APP_ADDR: `127.0.0.1:${await freePort()}`,
    })
    try {
      expect(await (await fetch(`${closed.url}/console/session`)).json()).toMatchObject({
        signed_in: false,
      })
      expect((await fetch(`${closed.url}/console/configuration`)).status).toBe(401)
      for (const path of ['/console', '/console/session', '/console/assets/console.js']) {
        expect((await fetch(`${off.url}${path}`)).status).toBe(404)
      }
    } finally {
      await Promise.all([closed.kill(), off.kill()])
    }
  })
})
