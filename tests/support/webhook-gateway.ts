/** A gateway whose customers have webhooks at a receiver of this machine. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Environment, runCommand } from './gateway.ts'
import { type Gateway, type GatewayOptions, post, startGateway } from './gateway-fixture.ts'
import { receiverCertificate } from './receiver-certificate.ts'
import { startWebhookReceiver, type WebhookReceiver } from './webhook-receiver.ts'

export interface Customer {
  readonly id: number
  readonly key: string
}

export interface MadeWebhook {
  readonly id: string
  readonly secret: string
}

export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: the body of an answer, taken at its word: tests compare it
  readonly body: any
}

export interface WebhookGateway extends Gateway {
  readonly receiver: WebhookReceiver
  customer(): Promise<Customer>
  call(customer: Customer | null, method: string, path: string, body?: unknown): Promise<Answer>
  /** For a path of the receiver. */
  webhook(customer: Customer, path: string, more?: object): Promise<MadeWebhook>
  /** Accepts a message; answers its id. */
  submit(customer: Customer): Promise<string>
  submitMany(customer: Customer, count: number): Promise<string[]>
}

/** With a receiver that is trusted, at `https://localhost`. */
export async function startWebhookGateway(
  environment: Environment = {},
  without: GatewayOptions['without'] = [],
): Promise<WebhookGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'webhooks-'))
  const certificate = join(folder, 'receiver.crt')
  writeFileSync(certificate, receiverCertificate)
  const receiver = startWebhookReceiver(true)
  const gateway = await startGateway({
    without,
    environment: {
      NODE_EXTRA_CA_CERTS: certificate,
      WEBHOOK_ALLOWED_ADDRESSES: '127.0.0.0/8',
      WEBHOOK_RETRY_SCHEDULE_S: '1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1',
      ...environment,
    },
  })

  async function command(...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await runCommand(args, gateway.environment)
    if (exitCode !== 0) throw new Error(stderr)
    return stdout.trim()
  }

  async function call(
    customer: Customer | null,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Answer> {
    const response = await fetch(`${gateway.api.url}${path}`, {
      method,
      headers: {
        ...(customer === null ? {} : { authorization: `Bearer ${customer.key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? null : JSON.parse(text) }
  }

  const message = { phone: '+491701234567', message: 'hello' }

  return Object.assign(gateway, {
    receiver,
    async customer() {
      const { id } = JSON.parse(await command('customers', 'create', 'Acme')) as { id: number }
      return { id, key: await command('keys', 'create', '--customer', String(id)) }
    },
    call,
    async webhook(customer: Customer, path: string, more: object = {}) {
      const url = `${receiver.url}${path}`
      const { status, body } = await call(customer, 'POST', '/api/v1/webhooks', { url, ...more })
      if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`)
      return body as MadeWebhook
    },
    async submit(customer: Customer) {
      const { status, body } = await call(customer, 'POST', '/api/v1/messages', message)
      if (status !== 202) throw new Error(`${status} ${JSON.stringify(body)}`)
      return body.id as string
    },
    async submitMany(customer: Customer, count: number) {
      const messages = Array.from({ length: count }, () => message)
      const { status, body } = await call(customer, 'POST', '/api/v1/messages/batch', { messages })
      if (status !== 202) throw new Error(`${status} ${JSON.stringify(body)}`)
      return body.messages.map(({ id }: { id: string }) => id) as string[]
    },
    close: closeWith(gateway, async () => {
      await receiver.stop()
      rmSync(folder, { recursive: true })
    }),
  })
}

function closeWith(gateway: Gateway, more: () => Promise<void>): () => Promise<void> {
  const close = gateway.close.bind(gateway)
  return async () => {
    await close()
    await more()
  }
}

/** A batch each tenth of a second, a fifth of it express, until it is told to stop; what is answered is nobody's affair. */
export function startBatches(
  apiUrl: string,
  { key }: Customer,
  ratePerSecond: number,
): () => Promise<void> {
  const messages = Array.from({ length: ratePerSecond / 10 }, (_, index) => ({
    phone: '+491701234567',
    message: 'hello',
    lane: index % 5 === 0 ? 'express' : 'normal',
  }))
  const underWay = new Set<Promise<unknown>>()
  const timer = setInterval(() => {
    const headers = { authorization: `Bearer ${key}` }
    const request = post(`${apiUrl}/api/v1/messages/batch`, { messages }, headers)
      .catch(() => undefined)
      .finally(() => underWay.delete(request))
    underWay.add(request)
  }, 100)
  return async () => {
    clearInterval(timer)
    await Promise.all(underWay)
  }
}
