/** Asking a running gateway for what its console shows, for commands. */

import type { Environment } from '../config/config.ts'
import type { LiveFigures } from '../console/live-figures.ts'
import { localApiUrl } from './api-url.ts'
import type { ShownProvider } from './live-text.ts'

/** On the command line everybody on the machine could read it. */
export const keyName = 'SMS_GATEWAY_KEY'

const answerMsMax = 5_000
/** Longest event that is read: a gateway of hundreds of processes has a tenth of it. */
const eventCharsMax = 4_000_000

export interface ConsoleClient {
  /** Of the API, without a slash at its end. */
  readonly url: string
  /** @throws when it does not answer, or not with 2xx */
  providers(): Promise<readonly ShownProvider[]>
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

/**
 * With the key in the environment, or the admin token, which is this machine's and is told to no other; a standalone without keys
 * needs none.
 *
 * @param given an address in place of this machine's
 */
export function consoleClient(environment: Environment, given: string | undefined): ConsoleClient {
  const url = apiUrlOf(environment, given)
  const adminToken = given === undefined ? environment.ADMIN_TOKEN : undefined
  const key = environment[keyName] || adminToken || ''
  const headers: Record<string, string> = key === '' ? {} : { authorization: `Bearer ${key}` }
  return {
    url,
    async providers() {
      // Without a key the API itself is not administered, and the console of this machine is.
      const path = key === '' ? '/console/api/v1/providers' : '/api/v1/providers'
      const signal = AbortSignal.timeout(answerMsMax)
      const response = await fetch(`${url}${path}`, { headers, signal })
      if (!response.ok) throw await refusalOf(response)
      return ((await response.json()) as { providers: ShownProvider[] }).providers
    },
    async *figures(signal) {
      const response = await fetch(`${url}/console/live`, { headers, signal })
      if (!response.ok) throw await refusalOf(response)
      yield* figuresOf(response)
    },
  }
}

async function refusalOf(response: Response): Promise<ConsoleRefusal> {
  const { detail } = (await response.json().catch(() => ({}))) as { detail?: string }
  if (response.status === 404) return new ConsoleRefusal('its console is off (CONSOLE=off)')
  const hint =
    response.status === 401 || response.status === 403
      ? ` ${keyName} holds a key with the scope admin, or ADMIN_TOKEN the admin token.`
      : ''
  return new ConsoleRefusal(`${detail ?? `it answered ${response.status}.`}${hint}`)
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
