/** A gateway with keys, for tests of what people send: providers' callbacks, and callers with their keys. */
import { expect } from 'bun:test'
import { freePort } from '../support/free-port.ts'
import { type Environment, type RunningRole, runCommand, startRole } from '../support/gateway.ts'
import { type Gateway, startGateway } from '../support/gateway-fixture.ts'

const adminToken = 'an-admin-token'

export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: whatever is answered
  readonly body: any
  readonly text: string
  readonly headers: Headers
}

export interface InboundGateway {
  readonly gateway: Gateway
  /** A second API process on the same database. */
  readonly another: RunningRole
  /** By staff, unless a key is given. */
  call(method: string, path: string, body?: unknown, key?: string): Promise<Answer>
  /** As the provider `primary`. */
  bring(items: unknown, options?: { url?: string; secret?: string }): Promise<Answer>
  /** A customer with a key and, when it is given, a route. */
  customer(number?: string, keyword?: string): Promise<{ id: number; key: string }>
  send(key: string, phone: string, sender_id?: string): Promise<Answer>
  command(...args: string[]): ReturnType<typeof runCommand>
  close(): Promise<void>
}

export async function startInboundGateway(environment: Environment = {}): Promise<InboundGateway> {
  const gateway = await startGateway({
    environment: {
      ADMIN_TOKEN: adminToken,
      INBOUND_PARTS_TIMEOUT_MS: '2000',
      LOG_LEVEL: 'info',
      ...environment,
    },
  })
  const another = await startRole('api', {
    ...gateway.environment,
    APP_ADDR: `127.0.0.1:${await freePort()}`,
  })

  async function ask(url: string, method: string, token: string, body?: unknown): Promise<Answer> {
    const response = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '')
    const { status, headers } = response
    return { status, text, headers, body: isJson ? JSON.parse(text) : null }
  }

  const call: InboundGateway['call'] = (method, path, body, key = adminToken) =>
    ask(`${gateway.api.url}${path}`, method, key, body)

  return {
    gateway,
    another,
    call,
    bring: (items, { url = gateway.api.url, secret = 'secret-of-primary' } = {}) =>
      ask(`${url}/api/v1/providers/primary/inbound-messages`, 'POST', secret, items),
    async customer(number, keyword) {
      const made = await call('POST', '/api/v1/customers', { name: 'a customer' })
      const id = made.body.id as number
      const issued = await call('POST', '/api/v1/keys', { customer_id: id })
      if (number !== undefined) {
        const route = { number, keyword: keyword ?? null, customer_id: id }
        expect((await call('POST', '/api/v1/inbound-routes', route)).status).toBe(201)
      }
      return { id, key: issued.body.key }
    },
    send: (key, phone, sender_id) =>
      call(
        'POST',
        '/api/v1/messages',
        { phone, message: 'hello', ...(sender_id === undefined ? {} : { sender_id }) },
        key,
      ),
    command: (...args) => runCommand(args, gateway.environment),
    async close() {
      await another.kill()
      await gateway.close()
    },
  }
}

let numbers = 0
/** Nobody else's in this file. */
export const newPhone = (): string => `+49170${String(++numbers).padStart(7, '0')}`
