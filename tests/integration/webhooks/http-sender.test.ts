/** Sending webhooks over real connections: where they go, what is not followed, and what is not waited for. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { type AddressRange, addressRange } from '../../../src/domain/outbound-address.ts'
import { newWebhookSecret } from '../../../src/domain/webhook-secret.ts'
import { createHttpSender } from '../../../src/webhooks/http-sender.ts'
import type { Lookup } from '../../../src/webhooks/resolve-host.ts'
import { freePort } from '../../support/free-port.ts'
import {
  isGenuine,
  startWebhookReceiver,
  type WebhookReceiver,
} from '../../support/webhook-receiver.ts'

const loopback = addressRange('127.0.0.0/8') as AddressRange
const secret = newWebhookSecret(randomBytes)
const timeoutMs = 400

let receiver: WebhookReceiver
let secure: WebhookReceiver
beforeAll(() => {
  receiver = startWebhookReceiver()
  secure = startWebhookReceiver(true)
})
afterAll(async () => {
  await receiver.stop()
  await secure.stop()
})

const looked: string[] = []
beforeEach(() => void looked.splice(0))

/** Names of a test, each with what it leads to. */
function lookupOf(names: Readonly<Record<string, readonly string[]>>): Lookup {
  return async (name) => {
    looked.push(name)
    const found = names[name]
    if (found === undefined) throw Object.assign(new Error('none'), { code: 'ENOTFOUND' })
    return found
  }
}

const hooks = lookupOf({
  'hooks.test': ['127.0.0.1'],
  'twice.test': ['127.0.0.2', '127.0.0.1'],
  'inside.test': ['10.0.0.1'],
  'mixed.test': ['127.0.0.1', '169.254.169.254'],
})

function send(
  url: string,
  lookup = hooks,
  allowed = [loopback],
  signal = new AbortController().signal,
) {
  const sender = createHttpSender({
    rules: { plainHttp: true, allowed },
    timeoutMs,
    version: 'test',
    lookup,
  })
  return sender.send(
    { url, id: 'an-id', payload: '{"type":"x"}', secrets: [secret], attemptedAtMs: Date.now() },
    signal,
  )
}

const delivered = { error: null, responseStatus: 204, retryAfterMs: 0 }

describe('a webhook', () => {
  test('is posted by the name of its URL, to the address that was looked at', async () => {
    expect(await send(`http://hooks.test:${receiver.port}/path?a=1`)).toEqual(delivered)
    const [webhook] = receiver.at('/path')
    expect(webhook?.headers).toMatchObject({
      host: `hooks.test:${receiver.port}`,
      'content-type': 'application/json',
      'user-agent': 'sms-gateway/test',
    })
    expect(webhook?.body).toBe('{"type":"x"}')
    expect(webhook !== undefined && isGenuine(secret, webhook)).toBe(true)
    expect(looked).toEqual(['hooks.test'])
  })

  test('goes to the next address when nobody listens at the first', async () => {
    expect(await send(`http://twice.test:${receiver.port}/twice`)).toEqual(delivered)
    expect(receiver.at('/twice')).toHaveLength(1)
  })

  test('goes to nobody whose certificate is not trusted', async () => {
    expect(await send(`https://hooks.test:${secure.port}/tls`)).toMatchObject({
      error: 'tls_failed',
    })
    expect(secure.received).toEqual([])
  })
})

describe('nothing is sent', () => {
  test.each([
    ['http://127.0.0.1:PORT/guard', 'url_refused'],
    ['http://2130706433:PORT/guard', 'url_refused'],
    ['http://0x7f.1:PORT/guard', 'url_refused'],
    ['http://[::ffff:127.0.0.1]:PORT/guard', 'url_refused'],
    ['http://[::1]:PORT/guard', 'url_refused'],
    ['http://169.254.169.254/latest/meta-data/', 'url_refused'],
    ['http://localhost:PORT/guard', 'url_refused'],
    ['http://hooks.test:PORT/guard', 'address_refused'],
    ['http://inside.test:PORT/guard', 'address_refused'],
    ['ftp://hooks.test:PORT/guard', 'url_refused'],
    ['http://unknown.test:PORT/guard', 'host_not_found'],
  ])('to %s: %s', async (url, error) => {
    expect(await send(url.replace('PORT', String(receiver.port)), hooks, [])).toEqual({
      error,
      responseStatus: null,
      retryAfterMs: 0,
    } as Awaited<ReturnType<typeof send>>)
    expect(receiver.at('/guard')).toEqual([])
  })

  test('when one address of several is refused', async () => {
    expect(await send(`http://mixed.test:${receiver.port}/guard`)).toMatchObject({
      error: 'address_refused',
    })
    expect(receiver.at('/guard')).toEqual([])
  })

  test('when a name has come to lead elsewhere since the last time', async () => {
    const answers = [['127.0.0.1'], ['169.254.169.254']]
    const rebinding: Lookup = async () => answers.shift() ?? []
    const url = `http://hooks.test:${receiver.port}/rebinding`
    expect(await send(url, rebinding)).toEqual(delivered)
    expect(await send(url, rebinding)).toMatchObject({ error: 'address_refused' })
    expect(receiver.at('/rebinding')).toHaveLength(1)
  })
})

describe('an answer', () => {
  test('that leads elsewhere is not followed', async () => {
    const target = `http://127.0.0.1:${receiver.port}/target`
    for (const status of [301, 302, 307, 308]) {
      receiver.answers(
        '/moved',
        () => new Response(null, { status, headers: { location: target } }),
      )
      expect(await send(`http://hooks.test:${receiver.port}/moved`)).toEqual({
        error: 'redirect',
        responseStatus: status,
        retryAfterMs: 0,
      })
    }
    expect(receiver.at('/target')).toEqual([])
  })

  test('that does not end is not waited for', async () => {
    const endless = new ReadableStream({
      async pull(controller) {
        await Promise.resolve()
        controller.enqueue(new Uint8Array(1_024))
      },
    })
    receiver.answers('/endless', () => new Response(endless, { status: 200 }))
    expect(await send(`http://hooks.test:${receiver.port}/endless`)).toMatchObject({
      error: null,
      responseStatus: 200,
    })
  })

  test('that does not come is a timeout; one that is broken off, and one that nobody gives, are named', async () => {
    receiver.answers('/hang', () => new Promise(() => undefined))
    const url = `http://hooks.test:${receiver.port}/hang`
    expect(await send(url)).toMatchObject({ error: 'timeout', responseStatus: null })
    const abort = new AbortController()
    const broken = send(url, hooks, [loopback], abort.signal)
    abort.abort()
    expect(await broken).toMatchObject({ error: 'aborted' })
    expect(await send(`http://hooks.test:${await freePort()}/`)).toMatchObject({
      error: 'connection_refused',
    })
    const silent: Lookup = () => new Promise(() => undefined)
    expect(await send(url, silent)).toMatchObject({ error: 'timeout' })
  })

  test('tells what it means', async () => {
    receiver.answers(
      '/busy',
      () => new Response('later', { status: 429, headers: { 'retry-after': '7' } }),
    )
    expect(await send(`http://hooks.test:${receiver.port}/busy`)).toEqual({
      error: 'throttled',
      responseStatus: 429,
      retryAfterMs: 7_000,
    })
  })
})
