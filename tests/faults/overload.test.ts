/** More than the API can take, in every form that clients have for it: it answers, keeps what it accepted, and stays small. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { residentBytes } from '../../bench/processes.ts'
import { eventually } from '../support/eventually.ts'
import {
  type Gateway,
  message,
  post,
  startGateway,
  statusCounts,
} from '../support/gateway-fixture.ts'
import { type OverloadResult, overload } from './overload/load.ts'
import { openRawClient, type RawClient } from './overload/raw-client.ts'

const mebibyte = 1_048_576
/** Of the API, whatever is done to it here. */
const residentBytesMax = 600 * mebibyte
const recoveryMsMax = 5_000
const messagesPath = '/api/v1/messages'
const batchPath = `${messagesPath}/batch`

let gateway: Gateway
let url: string
const clients: RawClient[] = []
beforeAll(async () => {
  gateway = await startGateway({ without: ['processor', 'operator'] })
  url = gateway.api.url
})
afterAll(() => gateway.close())

afterEach(async () => {
  for (const client of clients.splice(0)) client.leave()
  await eventually(async () => (await submit()).status === 202, {
    what: 'messages are accepted again',
    timeoutMs: recoveryMsMax,
  })
  expect(residentBytes(gateway.api.pid)).toBeLessThan(residentBytesMax)
})

const submit = () => post(`${url}${messagesPath}`, message)
const batchOf = (size: number) => ({ messages: Array.from({ length: size }, () => message) })

async function client(head: string, piece: string | null = null): Promise<RawClient> {
  const opened = await openRawClient(url, head, piece)
  clients.push(opened)
  return opened
}

const headOf = (path: string, contentLength: number) =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${contentLength}\r\n\r\n`

const statusOf = (answer: string): string => answer.slice(9, 12)

describe('load', () => {
  async function overloadOf(body: unknown, path: string, connections: number) {
    await gateway.database.sql`TRUNCATE messages`
    const result = await overload({
      url: `${url}${path}`,
      body: JSON.stringify(body),
      connections,
      requestsPerSecond: null,
      durationMs: 2_000,
    })
    expect(result.failures).toEqual({})
    expect(result.refusedWithoutRetryAfter).toBe(0)
    expect(result.accepted.count).toBeGreaterThan(0)
    return result
  }

  const stored = async (): Promise<number> =>
    Object.values(await statusCounts(gateway.database)).reduce((sum, count) => sum + count, 0)

  test('batches far beyond what can be committed: accepted and stored, or 503 with Retry-After', async () => {
    const { accepted, refused } = await overloadOf(batchOf(1_000), batchPath, 100)
    expect(refused.count).toBeGreaterThan(0)
    expect(await stored()).toBe(accepted.count * 1_000)
  })

  test('a thousand connections that never wait: every message answered 202 is stored, once', async () => {
    const { accepted }: OverloadResult = await overloadOf(message, messagesPath, 1_000)
    expect(await stored()).toBe(accepted.count)
  })
})

test('a database that stalls: what would wait is refused at once, what waits is accepted when it goes on', async () => {
  const answers: Response[] = []
  const asked: Promise<void>[] = []
  const ask = () =>
    asked.push(
      submit().then((response) => {
        answers.push(response)
      }),
    )
  await gateway.database.sql.begin(async (transaction) => {
    await transaction`LOCK TABLE messages IN ACCESS EXCLUSIVE MODE`
    await eventually(
      () => {
        ask()
        return answers.length > 0
      },
      { what: 'one is refused', intervalMs: 50 },
    )
    expect(await answers[0]?.json()).toMatchObject({ type: 'urn:sms-gateway:problem:overloaded' })
    expect(answers[0]?.headers.get('retry-after')).toBe('1')
  })
  await Promise.all(asked)
  const statuses = new Set(answers.map(({ status }) => status))
  expect(statuses).toEqual(new Set([503, 202]))
})

describe('slow clients', () => {
  test('bodies and heads that dribble are ended, and keep nobody else out', async () => {
    const large = await Promise.all(
      Array.from({ length: 20 }, () =>
        client(headOf(batchPath, 15 * mebibyte), ' '.repeat(100_000)),
      ),
    )
    const small = await client(headOf(messagesPath, 1_000), ' ')
    const silent = await client(headOf(messagesPath, 1_000))
    const head = await client(
      `POST ${messagesPath} HTTP/1.1\r\nHost: localhost\r\n`,
      'X-Slow: x\r\n',
    )
    expect((await submit()).status).toBe(202)

    const statuses = await Promise.all(large.map(async ({ answer }) => statusOf(await answer)))
    // Three of this size may be read at once.
    expect(statuses.toSorted()).toEqual([...Array(3).fill('408'), ...Array(17).fill('503')])
    expect(await small.answer).toContain('problem:body-too-slow')
    expect(statusOf(await silent.answer)).toBe('408')
    expect(await head.answer).toBe('')
    await eventually(async () => !(await isRefused()), { what: 'there is room again' })
  })

  test('clients that leave in the middle leave nothing behind', async () => {
    for (let round = 0; round < 5; round++) {
      const leaving = await Promise.all(
        Array.from({ length: 3 }, () =>
          client(headOf(batchPath, 15 * mebibyte), ' '.repeat(100_000)),
        ),
      )
      await eventually(async () => await isRefused(), { what: 'their bodies are being read' })
      for (const { leave } of leaving) leave()
      await eventually(async () => !(await isRefused()), { what: 'there is room again' })
    }
  })

  /** Whether a batch is: as much is being read as may be. */
  async function isRefused(): Promise<boolean> {
    const body = JSON.stringify(batchOf(10)).padEnd(4 * mebibyte)
    const probe = await fetch(`${url}${batchPath}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    await probe.arrayBuffer()
    return probe.status === 503
  }
})

describe('connections', () => {
  test('5,000 idle ones: the API answers on another', async () => {
    const idle = await Promise.all(Array.from({ length: 5_000 }, () => client('')))
    expect((await submit()).status).toBe(202)
    expect((await fetch(`${url}/health`)).status).toBe(200)
    expect(idle.every(({ received }) => received() === '')).toBe(true)
  })

  test('a head that is too large is 431, and ends its connection', async () => {
    const fields = `X-Large: ${'x'.repeat(1_000)}\r\n`.repeat(20)
    const large = await client(`GET /health HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`)
    expect(statusOf(await large.answer)).toBe('431')
  })

  test('a request before the last one was answered ends its connection, and nothing else', async () => {
    const head = `GET ${messagesPath}/${Bun.randomUUIDv7()} HTTP/1.1\r\nHost: localhost\r\n\r\n`
    const pipelining = await client(head + head)
    expect(await pipelining.answer).toBe('')
  })
})
