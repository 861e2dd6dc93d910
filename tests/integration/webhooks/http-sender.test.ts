/** Sending webhooks over real connections: where they go, what is not followed, and what is not waited for. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AddressRange, addressRange } from '../../../src/domain/outbound-address.ts'
import { newWebhookSecret } from '../../../src/domain/webhook-secret.ts'
import { createHttpSender } from '../../../src/webhooks/http-sender.ts'
import type { Lookup } from '../../../src/webhooks/resolve-host.ts'
import { freePort } from '../../support/free-port.ts'
import { receiverCertificate } from '../../support/receiver-certificate.ts'
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
    {
      url,
      id: 'an-id',
      payload: '{"type":"x"}',
      secrets: [secret],
      attemptedAtMs: Date.now(),
      traceparent: null,
    },
    signal,
  )
}

/** From a process of its own, which trusts the receiver's certificate: the error of each. */
async function sendTrusting(urls: readonly string[]) {
  const directory = mkdtempSync(join(tmpdir(), 'trusted-'))
  const file = join(directory, 'receiver.pem')
  writeFileSync(file, receiverCertificate)
  const child = Bun.spawn(
    [process.execPath, join(import.meta.dir, 'trusting-sender.ts'), secret, ...urls],
    { env: { ...process.env, NODE_EXTRA_CA_CERTS: file }, stdout: 'pipe', stderr: 'inherit' },
  )
  const stdout = await child.stdout.text()
  const exitCode = await child.exited
  rmSync(directory, { recursive: true })
  return { exitCode, stdout }
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

  test('by the resolver of the system: a name of its own, and one that there is not', async () => {
    const own = createHttpSender({
      rules: { plainHttp: true, allowed: [loopback] },
      timeoutMs: 5_000,
      version: 'test',
    })
    const request = {
      id: 'an-id',
      payload: '{}',
      secrets: [secret],
      attemptedAtMs: Date.now(),
      traceparent: null,
    }
    const to = (host: string) => ({ ...request, url: `http://${host}:${receiver.port}/resolved` })
    const { signal } = new AbortController()
    expect(await own.send(to('localhost'), signal)).toEqual(delivered)
    expect(await own.send(to('nothing.invalid'), signal)).toMatchObject({ error: 'host_not_found' })
  })

  test('goes past the proxy of the environment, which would look the name up again', async () => {
    let proxied = 0
    const proxy = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch() {
        proxied++
        return new Response('from the proxy')
      },
    })
    const names = ['HTTP_PROXY', 'http_proxy']
    const before = names.map((name) => process.env[name])
    for (const name of names) process.env[name] = `http://127.0.0.1:${proxy.port}`
    try {
      // That the environment is heeded at all.
      const plain = await fetch(`http://127.0.0.1:${receiver.port}/proxied`)
      expect([plain.status, proxied]).toEqual([200, 1])
      expect(await send(`http://hooks.test:${receiver.port}/proxied`)).toEqual(delivered)
      expect([receiver.at('/proxied').length, proxied]).toEqual([1, 1])
    } finally {
      for (const [place, name] of names.entries()) {
        if (before[place] === undefined) delete process.env[name]
        else process.env[name] = before[place]
      }
      await proxy.stop(true)
    }
  })

  test('goes to nobody whose certificate is of another name', async () => {
    const { exitCode, stdout } = await sendTrusting([
      `https://hooks.test:${secure.port}/trusted`,
      `https://other.test:${secure.port}/trusted`,
    ])
    expect([exitCode, JSON.parse(stdout)]).toEqual([0, [null, 'tls_failed']])
    expect(secure.at('/trusted')).toHaveLength(1)
  })

  test('goes to nobody whose certificate is not trusted', async () => {
    expect(await send(`https://hooks.test:${secure.port}/tls`)).toMatchObject({
      error: 'tls_failed',
    })
    expect(secure.at('/tls')).toEqual([])
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

  test('whose body does not end is told all the same', async () => {
    const silent = new ReadableStream({
      start: (controller) => controller.enqueue(new Uint8Array(1)),
      pull: () => new Promise(() => undefined),
    })
    receiver.answers('/silent', () => new Response(silent, { status: 200 }))
    expect(await send(`http://hooks.test:${receiver.port}/silent`)).toMatchObject({
      error: null,
      responseStatus: 200,
    })
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
