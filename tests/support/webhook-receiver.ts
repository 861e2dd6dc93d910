/** A customer's receiver of webhooks: verifies with the official library, answers as it is told, remembers what came. */
import { Webhook } from 'standardwebhooks'
import { receiverCertificate, receiverKey } from './receiver-certificate.ts'

export interface ReceivedWebhook {
  readonly path: string
  readonly id: string
  readonly timestamp: number
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

export interface WebhookReceiver {
  /** Of its root, without a slash at its end. */
  readonly url: string
  readonly port: number
  /** In the order in which they came. */
  readonly received: ReceivedWebhook[]
  /** Those whose path begins with this. */
  at(path: string): ReceivedWebhook[]
  /** How requests to this path are answered; 204 unless told. */
  answers(path: string, answer: (request: Request) => Response | Promise<Response>): void
  stop(): Promise<void>
}

export function startWebhookReceiver(tls = false): WebhookReceiver {
  const received: ReceivedWebhook[] = []
  const answers = new Map<string, (request: Request) => Response | Promise<Response>>()
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    ...(tls ? { tls: { key: receiverKey, cert: receiverCertificate } } : {}),
    async fetch(request) {
      const path = new URL(request.url).pathname
      const body = await request.text()
      const { type = '', data = {} } = parsed(body)
      received.push({
        path,
        id: request.headers.get('webhook-id') ?? '',
        timestamp: Number(request.headers.get('webhook-timestamp')),
        body,
        headers: Object.fromEntries(request.headers),
        type,
        data,
      })
      return (await answers.get(path)?.(request)) ?? new Response(null, { status: 204 })
    },
  })
  return {
    url: `${tls ? 'https' : 'http'}://localhost:${server.port}`,
    port: Number(server.port),
    received,
    at: (path) => received.filter((webhook) => webhook.path.startsWith(path)),
    answers: (path, answer) => void answers.set(path, answer),
    stop: () => server.stop(true),
  }
}

function parsed(body: string): { type?: string; data?: Record<string, unknown> } {
  try {
    return JSON.parse(body)
  } catch {
    return {}
  }
}

/** Whether the official library takes it for genuine. */
export function isGenuine(secret: string, { body, headers }: ReceivedWebhook): boolean {
  try {
    new Webhook(secret).verify(body, { ...headers })
    return true
  } catch {
    return false
  }
}
