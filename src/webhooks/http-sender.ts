/**
 * Sends webhooks over HTTP. The URL is somebody else's choice, so that nothing of it is trusted: the host is resolved here, its
 * addresses are looked at, and the connection is made to the very address that was; TLS and the Host header are of the name.
 * Redirects are not followed, and little is read of the answer. Connections are kept alive, by address and name.
 */
import { isIP } from 'node:net'
import { dns } from 'bun'
import type { AttemptError, WebhookAttempt } from '../domain/webhook-attempt.ts'
import { hostOf, type WebhookUrlRules, webhookUrlFault } from '../domain/webhook-url.ts'
import { type Lookup, resolveHost } from './resolve-host.ts'
import { signedHeaders } from './signature.ts'
import { readAnswer, readFailure } from './webhook-answer.ts'
import type { WebhookRequest, WebhookSender } from './webhook-sender.ts'

export interface HttpSenderOptions {
  readonly rules: WebhookUrlRules
  /** For the whole attempt: looking up, connecting, the answer. */
  readonly timeoutMs: number
  /** Of the product. */
  readonly version: string
  readonly lookup?: Lookup
}

/** An answer's body says nothing to us; it is read, up to this, so that the connection can be used again. */
const answerBytesMax = 4_096
const answerBodyMsMax = 2_000

/** Not the system's own resolver: that one takes a thread for as long as a name server is silent, of the few that a process has for everything. */
const lookupAll: Lookup = async (name) =>
  (await dns.lookup(name, { backend: 'c-ares' })).map(({ address }) => address)

/**
 * The runtime's fetch goes through the proxy of the environment (HTTP_PROXY and the like), which would look the name up again. Its types
 * do not know that false means none.
 */
const withoutProxy = { proxy: false } as unknown as { proxy?: never }

export function createHttpSender(options: HttpSenderOptions): WebhookSender {
  const { rules, timeoutMs, version, lookup = lookupAll } = options

  async function attempt(request: WebhookRequest, signal: AbortSignal): Promise<WebhookAttempt> {
    // The rules may have become stricter since it was registered.
    if (webhookUrlFault(request.url, rules) !== null) return failure('url_refused')
    const url = new URL(request.url)
    const host = hostOf(url)
    const addresses = await resolveHost(host, rules.allowed, lookup)
    if (addresses.length === 0) return failure('address_refused')
    let error: unknown
    for (const address of addresses) {
      if (signal.aborted) break
      try {
        return await post(url, host, address, request, signal)
      } catch (thrown) {
        error = thrown
        // Only what certainly did not arrive is sent to the next address.
        if (readFailure(thrown) !== 'connection_refused') break
      }
    }
    throw error
  }

  async function post(
    url: URL,
    host: string,
    address: string,
    { id, payload, secrets, attemptedAtMs, traceparent }: WebhookRequest,
    signal: AbortSignal,
  ): Promise<WebhookAttempt> {
    const pinned = new URL(url)
    pinned.hostname = isIP(address) === 6 ? `[${address}]` : address
    const response = await fetch(pinned, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        host: url.host,
        'content-type': 'application/json',
        'user-agent': `sms-gateway/${version}`,
        // What is compressed would have to be unpacked to be thrown away.
        'accept-encoding': 'identity',
        ...signedHeaders(id, payload, secrets, attemptedAtMs),
        ...(traceparent === null ? {} : { traceparent }),
      },
      body: payload,
      decompress: false,
      ...withoutProxy,
      signal,
      ...(url.protocol === 'https:' && isIP(host) === 0
        ? { tls: { serverName: host.replace(/\.$/, '') } }
        : {}),
    })
    void discardBody(response)
    return readAnswer(response.status, response.headers, Date.now())
  }

  return {
    async send(request, signal) {
      const abort = new AbortController()
      const onAbort = () => abort.abort()
      signal.addEventListener('abort', onAbort, { once: true })
      if (signal.aborted) abort.abort()
      const late = Promise.withResolvers<WebhookAttempt>()
      const timer = setTimeout(() => {
        late.resolve(failure('timeout'))
        abort.abort()
      }, timeoutMs)
      const aborted = Promise.withResolvers<WebhookAttempt>()
      abort.signal.addEventListener('abort', () => aborted.resolve(failure('aborted')))
      try {
        // Looking a name up cannot be broken off: it is not waited for.
        return await Promise.race([
          late.promise,
          aborted.promise,
          attempt(request, abort.signal).catch((error) => failure(readFailure(error))),
        ])
      } finally {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
      }
    },
  }
}

function failure(error: AttemptError): WebhookAttempt {
  return { error, responseStatus: null, retryAfterMs: 0 }
}

/** Nobody waits for it: the status has been told. A body that is longer, or does not come, ends the connection. */
async function discardBody({ body }: Response): Promise<void> {
  if (body === null) return
  const reader = body.getReader()
  const cancel = () => void reader.cancel().catch(() => undefined)
  const timer = setTimeout(cancel, answerBodyMsMax)
  try {
    for (let size = 0; size <= answerBytesMax; ) {
      const { done, value } = await reader.read()
      if (done) break
      size += value.byteLength
    }
  } catch {
    // It broke off.
  }
  clearTimeout(timer)
  cancel()
}
