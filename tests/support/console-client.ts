/** The console's server side as a page uses it: with a cookie, and a token that shows where the request was made. */
import { post } from './gateway-fixture.ts'

export interface ConsoleClient {
  readonly cookie: string
  readonly csrfToken: string
  /** @param headers in place of those that a page would send */
  send(
    path: string,
    method?: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Response>
}

/** @throws when the key is refused */
export async function signIn(apiUrl: string, key: string): Promise<ConsoleClient> {
  const signedIn = await trySignIn(apiUrl, key)
  if (signedIn.status !== 204) throw new Error(`${signedIn.status}: ${await signedIn.text()}`)
  const cookie = (signedIn.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  const session = await fetch(`${apiUrl}/console/session`, { headers: { cookie } })
  const { csrf_token } = (await session.json()) as { csrf_token: string }
  return {
    cookie,
    csrfToken: csrf_token,
    send: (path, method = 'GET', body, headers) =>
      fetch(`${apiUrl}${path}`, {
        method,
        headers: {
          cookie,
          'x-csrf-token': csrf_token,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  }
}

export function trySignIn(
  apiUrl: string,
  key: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return post(`${apiUrl}/console/sign-in`, { key }, headers)
}
