/** A running operator and a receiver of its reports, over real sockets. */
import type { Operator, OperatorOptions } from '../../../src/operator/operator.ts'
import { createOperator } from '../../../src/operator/operator.ts'

export const secrets = { primary: 'primary-secret', secondary: 'secondary-secret' }

/** As fast as it gets, so that tests wait for nothing but work. */
export const instant = {
  latency: { kind: 'fixed', value_ms: 0 },
  report_delay: { kind: 'fixed', value_ms: 0 },
}

export interface RunningOperator {
  readonly operator: Operator
  readonly url: string
  behave(identity: string, patch: object): Promise<void>
  submit(identity: string, fields?: Partial<SubmitFields>): Promise<Response>
  get(path: string): Promise<Response>
  post(path: string, body?: unknown): Promise<Response>
}

export interface SubmitFields {
  readonly reference: string
  readonly callbackUrl: string | null
  /** null sends no header; the default is the reference, quoted. */
  readonly key: string | null
  readonly signal: AbortSignal
}

export async function startOperator(
  options: Partial<OperatorOptions> = {},
): Promise<RunningOperator> {
  const operator = createOperator({
    hostname: '127.0.0.1',
    port: 0,
    identities: Object.keys(secrets),
    reportSecrets: secrets,
    ...options,
  })
  await operator.start()
  const url = `http://127.0.0.1:${operator.port}`

  async function behave(identity: string, patch: object) {
    const body = JSON.stringify(patch)
    const response = await fetch(`${url}/control/${identity}/behaviour`, { method: 'PUT', body })
    if (!response.ok) throw new Error(await response.text())
  }
  for (const identity of options.identities ?? Object.keys(secrets)) await behave(identity, instant)

  function submit(identity: string, fields: Partial<SubmitFields> = {}) {
    const reference = fields.reference ?? crypto.randomUUID()
    const key = fields.key === undefined ? `"${reference}"` : fields.key
    return fetch(`${url}/${identity}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(key === null ? {} : { 'idempotency-key': key }),
      },
      body: JSON.stringify({
        to: '+15550001111',
        from: 'ACME',
        text: 'hello',
        reference,
        ...(fields.callbackUrl == null ? {} : { callback_url: fields.callbackUrl }),
      }),
      signal: fields.signal ?? null,
    })
  }

  return {
    operator,
    url,
    behave,
    submit,
    get: (path) => fetch(url + path),
    post: (path, body) =>
      fetch(url + path, { method: 'POST', body: body === undefined ? null : JSON.stringify(body) }),
  }
}

export interface ReceivedReport {
  readonly message_id: string
  readonly status: string
  readonly error_code?: string
  readonly occurred_at: string
}

export interface Receiver {
  readonly url: string
  readonly batches: ReceivedReport[][]
  readonly authorizations: (string | null)[]
  reports(): ReceivedReport[]
  /** Answers, in turn, before it goes on with 204; called with the number of the request from 1. */
  answer: (request: number) => Response | Promise<Response>
  stop(): Promise<void>
}

/** Takes reports; `port` 0 is any. A batch counts as received only when it is answered with 2xx. */
export function startReceiver(port = 0): Receiver {
  let requests = 0
  const receiver = {
    batches: [] as ReceivedReport[][],
    authorizations: [] as (string | null)[],
    answer: (_request: number): Response | Promise<Response> => new Response(null, { status: 204 }),
  }
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port,
    async fetch(request) {
      receiver.authorizations.push(request.headers.get('authorization'))
      const batch = (await request.json()) as ReceivedReport[]
      const response = await receiver.answer(++requests)
      if (response.ok) receiver.batches.push(batch)
      return response
    },
  })
  return Object.assign(receiver, {
    url: `http://127.0.0.1:${server.port}/reports`,
    reports: () => receiver.batches.flat(),
    stop: () => server.stop(true),
  })
}

/** The counters of one identity, as far as tests read them field by field. */
export interface CountersAnswer {
  readonly submits: number
  readonly taken: number
  readonly reports: { readonly pending: number; readonly retries: number }
}

/** The decoded body; its type is what the test expects. */
export async function decoded<Body = unknown>(response: Response | Promise<Response>) {
  return (await (await response).json()) as Body
}
