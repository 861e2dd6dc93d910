/** Customers see nothing of each other, at any address of the OpenAPI document: a new one has to be named. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { ofAll, ofCustomers, ofProviders } from '../support/customer-operations.ts'
import { runCommand } from '../support/gateway.ts'
import { type Gateway, startGateway } from '../support/gateway-fixture.ts'
import { newWebhook } from '../support/webhook-operations.ts'

const adminToken = 'an-admin-token'
const admin = { authorization: `Bearer ${adminToken}` }

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({
    without: ['processor', 'operator'],
    environment: { ADMIN_TOKEN: adminToken },
  })
  expect((await command('customers', 'create', 'First', '--id', '1')).exitCode).toBe(0)
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

describe('customers', () => {
  interface Operation {
    readonly operationId: string
    readonly tags: readonly string[]
  }
  type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>

  /** What somebody sent to a number of the customer of this key. */
  async function inboundOf(key: string): Promise<string> {
    const [number, secret] = ['+4915000000', 'secret-of-primary']
    const { customer_id } = (await call('GET', '/api/v1/messages', bearer(key))).body.messages[0]
    await call('POST', '/api/v1/inbound-routes', admin, { number, customer_id })
    const item = { from: '+491701234567', to: number, text: 'hello' }
    await call('POST', '/api/v1/providers/primary/inbound-messages', bearer(secret), item)
    const { body } = await call('GET', '/api/v1/inbound-messages', bearer(key))
    return body.inbound_messages[0].id
  }

  async function operations() {
    const { paths } = (await call('GET', '/openapi.json')).body as { paths: Paths }
    return Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
    )
  }

  test('never see each other, at any address of the document', async () => {
    const customer = JSON.parse((await command('customers', 'create', 'Other')).stdout)
    const [mine, other] = [
      await keyOf('--customer', '1'),
      await keyOf('--customer', `${customer.id}`),
    ]
    expect((await submit(bearer(mine))).status).toBe(202)
    const theirs = (await submit(bearer(other))).body.id as string
    const theirInbound = await inboundOf(other)
    const erasure = await call('POST', '/api/v1/erasures', bearer(other), { phone: '+12025550123' })
    for (const { path, method, operationId, tags } of await operations()) {
      const body = method === 'post' || method === 'patch' ? {} : undefined
      const webhook = await newWebhook((verb, at, sent) => call(verb, at, bearer(other), sent))
      const ids = {
        webhooks: webhook.id,
        messages: theirs,
        inbound: theirInbound,
        privacy: erasure.body.id as string,
      }
      const id = ids[tags[0] as keyof typeof ids] ?? '1'
      const places = new Map([
        ['id', id],
        ['delivery_id', webhook.deliveryId],
        ['prefix', prefixOf(other)],
      ])
      const address = path.replace(/\{(\w+)\}/g, (_, name: string) => places.get(name) ?? name)
      const send = (headers: Headers, sent: unknown = body) =>
        call(method.toUpperCase(), address, headers, sent)
      const kind = ofCustomers[operationId]
      if (kind === undefined) {
        if (ofAll.includes(operationId) || ofProviders.includes(operationId)) continue
        // Whatever else there is administers, or is new and has to be named above.
        expect([operationId, (await send(bearer(mine))).status]).toEqual([operationId, 403])
        expect([operationId, (await send({})).status]).toEqual([operationId, 401])
        continue
      }
      expect([operationId, (await send({})).status]).toEqual([operationId, 401])
      if (kind === 'nothing') {
        expect([operationId, (await send(bearer(mine))).status]).toEqual([operationId, 404])
        const { status } = await send(bearer(other))
        expect([operationId, Math.floor(status / 100)]).toEqual([operationId, 2])
      }
    }
    const listed = (await call('GET', '/api/v1/messages?limit=1000', bearer(mine))).body.messages
    expect(listed.length).toBeGreaterThan(0)
    for (const { customer_id } of listed) expect(customer_id).toBe(1)
    const found = (await call('GET', '/api/v1/messages', bearer(other))).body.messages
    expect(found.map(({ id }: { id: string }) => id)).toEqual([theirs])
    expect((await submit(bearer(mine), 2)).status).toBe(422)
  })
})
