/** `sms-gateway send <phone> <text>`: one message through the API, as a customer would send it. */
import type { Environment } from '../config/config.ts'
import { isFinal, type MessageState } from '../domain/message-state.ts'
import { pause } from '../runtime/notifier.ts'
import { printLine } from './admin-store.ts'
import { apiUrlOf, keyName } from './console-client.ts'
import { say } from './role-context.ts'
import { exitCodes } from './run-until-stopped.ts'

export interface SendOptions {
  /** Instead of the API of this machine. */
  readonly url?: string
  readonly customer?: number
  readonly sender?: string
  readonly express: boolean
  /** Seconds to wait for the end of the message; not waited for when it is missing. */
  readonly wait?: number
}

const answerMsMax = 10_000
const pollMs = 250
const never = new AbortController().signal

/** While it waits, an API that does not answer is asked again. */
const unanswered: Answer = { status: 503, body: {} }

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** Answers 0 when it was accepted, and with `wait` only when it was delivered. */
export async function runSend(
  environment: Environment,
  phone: string,
  text: string,
  options: SendOptions,
): Promise<number> {
  const base = apiUrlOf(environment, options.url)
  const key = environment[keyName] ?? ''
  const headers = {
    'content-type': 'application/json',
    // Whoever does not know whether it was accepted asks again, and it is sent once.
    'idempotency-key': crypto.randomUUID(),
    ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
  }
  const ask = (path: string, body?: object) => askApi(`${base}/api/v1${path}`, headers, body)
  try {
    const { customer, sender, express, wait } = options
    const path = express ? '/messages/express' : '/messages'
    const body = {
      phone,
      message: text,
      ...(sender === undefined ? {} : { sender_id: sender }),
      ...(customer === undefined ? {} : { customer_id: customer }),
    }
    const answer = await ask(path, body).catch(() => ask(path, body))
    if (answer.status !== 202) return refused(answer)
    const { id, status } = answer.body
    printLine(`${id} ${status}`)
    if (wait === undefined) return exitCodes.ok
    return await follow(String(id), String(status), wait, () => ask(`/messages/${id}`))
  } catch (error) {
    say(`${base} did not answer: ${error instanceof Error ? error.message : String(error)}`)
    return exitCodes.failure
  }
}

/** Prints each state that it sees. */
async function follow(
  id: string,
  first: string,
  waitS: number,
  ask: () => Promise<Answer>,
): Promise<number> {
  const untilMs = performance.now() + waitS * 1_000
  let seen = first
  while (performance.now() < untilMs) {
    const answer = await ask().catch(() => unanswered)
    if (answer.status === 429 || answer.status >= 500) {
      await pause(pollMs, never)
      continue
    }
    if (answer.status !== 200) return refused(answer)
    const status = String(answer.body.status)
    if (status !== seen) {
      const { provider, error_code: code } = answer.body
      const by = typeof provider === 'string' ? ` by ${provider}` : ''
      printLine(`${id} ${status}${by}${typeof code === 'string' ? ` (${code})` : ''}`)
      seen = status
    }
    if (isFinal(status as MessageState))
      return status === 'delivered' ? exitCodes.ok : exitCodes.failure
    await pause(pollMs, never)
  }
  say(`it is still ${seen} after ${waitS} s`)
  return exitCodes.failure
}

/** Every fault that the problem document lists. */
function refused({ status, body }: Answer): number {
  say(`the API answered ${status}: ${body.detail ?? body.title ?? 'without saying why'}`)
  const errors = Array.isArray(body.errors) ? body.errors : []
  for (const { pointer, header, detail } of errors as Readonly<Record<string, unknown>>[]) {
    say(`  ${pointer ?? header ?? ''} ${detail ?? ''}`)
  }
  if (status === 401) say(`  ${keyName} holds the API key to send with`)
  return exitCodes.failure
}

async function askApi(
  url: string,
  headers: Readonly<Record<string, string>>,
  body?: object,
): Promise<Answer> {
  const response = await fetch(url, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers,
    redirect: 'error',
    signal: AbortSignal.timeout(answerMsMax),
  })
  const text = await response.text()
  try {
    return { status: response.status, body: JSON.parse(text) }
  } catch {
    return { status: response.status, body: { detail: 'what answers there is no gateway' } }
  }
}
