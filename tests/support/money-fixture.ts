/** A gateway where messages cost: two API processes, a price list, and customers with money. */
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'
import { type CommandResult, runCommand, startRole } from './gateway.ts'
import { type Gateway, startGateway } from './gateway-fixture.ts'

const adminToken = 'an-admin-token'
/** Within this a change is in force in every process. */
export const effectMsMax = 5_000
const prices = { '+49': '0.075', '+4915': '0.08', '+1': '0' }

export interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}

export interface MoneyGateway {
  readonly gateway: Gateway
  /** Of the two API processes. */
  readonly urls: readonly [string, string]
  command(...args: string[]): Promise<CommandResult>
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: object,
    url?: string,
  ): Promise<Answer>
  /** A message that costs 0.075, unless the fields say otherwise. */
  submit(customerId: number, fields?: object, headers?: object, url?: string): Promise<Answer>
  /** A customer with so much money. */
  payer(amount: string, returnRule?: string): Promise<number>
  balanceOf(customerId: number): Promise<unknown>
  close(): Promise<void>
}

export async function startMoneyGateway(): Promise<MoneyGateway> {
  const gateway = await startGateway({
    environment: { ADMIN_TOKEN: adminToken, RETRY_ATTEMPTS_MAX: '1' },
  })
  const second = await startRole('api', {
    ...gateway.environment,
    APP_ADDR: `127.0.0.1:${await freePort()}`,
  })
  let references = 0

  const call: MoneyGateway['call'] = async (method, path, body, headers = {}, url) => {
    const response = await fetch(`${url ?? gateway.api.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${adminToken}`,
        'content-type': 'application/json',
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: (await response.json()) as Answer['body'] }
  }

  async function done(method: string, path: string, body: unknown): Promise<Answer['body']> {
    const answer = await call(method, path, body)
    if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  const submit: MoneyGateway['submit'] = (customer_id, fields = {}, headers = {}, url) => {
    const message = { phone: '+491701234567', message: 'hello', customer_id, ...fields }
    return call('POST', '/api/v1/messages', message, headers, url)
  }

  const fixture: MoneyGateway = {
    gateway,
    urls: [gateway.api.url, second.url],
    command: (...args) => runCommand(args, gateway.environment),
    call,
    submit,
    async payer(amount, return_rule) {
      const { id } = await done('POST', '/api/v1/customers', { name: 'A payer' })
      await done('PUT', `/api/v1/customers/${id}/account`, { return_rule })
      const entry = { kind: 'top_up', amount, reference: `payment ${++references}` }
      await done('POST', `/api/v1/customers/${id}/account/entries`, entry)
      return Number(id)
    },
    async balanceOf(customerId) {
      return (await call('GET', `/api/v1/account?customer_id=${customerId}`)).body.balance
    },
    async close() {
      await second.stop()
      await gateway.close()
    },
  }

  await done('PUT', '/api/v1/prices', { prices })
  const id = await fixture.payer('1')
  for (const url of fixture.urls) {
    await eventually(async () => (await submit(id, {}, {}, url)).status === 202, {
      what: 'the prices are in force',
      timeoutMs: effectMsMax,
    })
  }
  return fixture
}
