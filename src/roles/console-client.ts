/** Asking a running gateway for what its console shows, for commands. */

import type { Environment } from '../config/config.ts'
import type { LiveFigures } from '../console/live-figures.ts'
import { localApiUrl } from './api-url.ts'

/** On the command line everybody on the machine could read it. */
export const keyName = 'SMS_GATEWAY_KEY'

const answerMsMax = 5_000
/** Longest event that is read: a gateway of hundreds of processes has a tenth of it. */
const eventCharsMax = 4_000_000

export interface ConsoleClient {
  /** Of the API, without a slash at its end. */
  readonly url: string
  /** @throws when it does not answer, or not with 2xx */
  get<T>(path: string): Promise<T>
  /** As they come, each second, until the signal aborts or the answer ends. @throws when it does not answer */
  figures(signal: AbortSignal): AsyncGenerator<LiveFigures>
}

/** Why nothing can be asked. */
export class ConsoleRefusal extends Error {
  override readonly name = 'ConsoleRefusal'
}

export function apiUrlOf(environment: Environment, given: string | undefined): string {
  return (given ?? localApiUrl(environment)).replace(/\/+$/, '')
}

/** Signs in with the key in the environment, or the admin token; a standalone without keys needs none. @throws ConsoleRefusal */
export async function connectToConsole(
  url: string,
  environment: Environment,
): Promise<ConsoleClient> {
  const key = environment[keyName] || environment.ADMIN_TOKEN || ''
  const cookie = key === '' ? '' : await signIn(url, key)
  const headers = { cookie }
  const session = await fetch(`${url}/console/session`, { headers, signal: within() })
  if (session.status === 404) throw new ConsoleRefusal('its console is off (CONSOLE=off)')
  const { signed_in } = (await session.json()) as { signed_in?: boolean }
  if (signed_in !== true) {
    throw new ConsoleRefusal(
      `it wants a key: put one with the scope admin into ${keyName}, or the admin token into ADMIN_TOKEN`,
    )
  }
  return {
    url,
    async get<T>(path: string) {
      const response = await fetch(`${url}/console${path}`, { headers, signal: within() })
      if (!response.ok) throw new ConsoleRefusal(`${path} was answered ${response.status}`)
      return (await response.json()) as T
    },
    async *figures(signal) {
      const response = await fetch(`${url}/console/live`, { headers, signal })
      if (!response.ok) throw new ConsoleRefusal(`it answered ${response.status}`)
      yield* figuresOf(response)
    },
  }
}

async function signIn(url: string, key: string): Promise<string> {
  const response = await fetch(`${url}/console/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ key }),
    signal: within(),
  })
  if (response.status === 404) throw new ConsoleRefusal('its console is off (CONSOLE=off)')
  if (response.status !== 204) {
    const { detail } = (await response.json().catch(() => ({}))) as { detail?: string }
    throw new ConsoleRefusal(detail ?? `it answered ${response.status}`)
  }
  return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
}

/** Those events of the stream (HTML Standard §9.2.6) that are figures. */
async function* figuresOf(response: Response): AsyncGenerator<LiveFigures> {
  if (response.body === null) return
  const decoder = new TextDecoder()
  let waiting = ''
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    waiting += decoder.decode(chunk, { stream: true })
    if (waiting.length > eventCharsMax) throw new ConsoleRefusal('it sends what is no figures')
    const events = waiting.split('\n\n')
    waiting = events.pop() ?? ''
    for (const event of events) {
      const data = /^event: figures\ndata: (.*)$/s.exec(event)?.[1]
      if (data !== undefined) yield JSON.parse(data) as LiveFigures
    }
  }
}

const within = (): AbortSignal => AbortSignal.timeout(answerMsMax)
