/** Dead letters through the command line and the API of the compiled binary, while processors run. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { runCommand, spawnRole } from '../support/gateway.ts'
import { type Gateway, metric, post, startGateway, verify } from '../support/gateway-fixture.ts'

const token = 'the-token-of-the-admin'
const bearer = { authorization: `Bearer ${token}` }
const path = '/api/v1/dead-letters'
const recipient = '+4915112345678'
const text = 'a text of somebody'

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({ environment: { ADMIN_TOKEN: token } })
})
afterAll(() => gateway.close())
beforeEach(async () => {
  await gateway.database.sql`TRUNCATE messages, provider_references, delivery_reports, dead_letters`
})

interface Death {
  readonly lane?: string
  readonly provider?: string
  readonly code?: string
  readonly deadAt?: string
}

/** Messages that have died as it is asked, without the time that an outage takes; the newest first. */
async function letters(count: number, death: Death = {}): Promise<string[]> {
  const { lane = 'normal', provider = 'primary', code = 'outage', deadAt = 'now' } = death
  const ids = Array.from({ length: count }, () => Bun.randomUUIDv7())
  const failure = { attempt: 3, provider, kind: 'unavailable', code, detail: 'of it', at: deadAt }
  const { sql } = gateway.database
  await sql`
    INSERT INTO messages (id, customer_id, expires_at, final_at, lane, status, attempts, recipient, body, provider, failures)
    SELECT id::uuid, 1, now(), now(), ${lane}, 'failed', 3, ${recipient}, ${text}, ${provider}, ${sql.json([failure])}
    FROM jsonb_array_elements_text(${sql.json(ids)}) AS id`
  await sql`
    INSERT INTO dead_letters (message_id, lane, attempts, provider, error_code, detail, dead_at)
    SELECT id::uuid, ${lane}, 3, ${provider}, ${code}, 'of it', ${deadAt}::text::timestamptz
    FROM jsonb_array_elements_text(${sql.json(ids)}) AS id`
  return ids.toSorted().reverse()
}

const dlq = (...args: string[]) => runCommand(['dlq', ...args], gateway.environment)
const get = (address: string, headers: Record<string, string> = bearer) =>
  fetch(`${gateway.api.url}${address}`, { headers })
const send = (
  action: 'replay' | 'purge',
  body: unknown,
  headers: Record<string, string> = bearer,
) => post(`${gateway.api.url}${path}/${action}`, body, headers)

interface Answer {
  readonly dead_letters: readonly { readonly message_id: string }[]
  readonly next_cursor: string | null
  readonly replayed: readonly string[]
  readonly purged: readonly string[]
  readonly more: boolean
}
const answerOf = async (response: Response) => (await response.json()) as Answer

const idsOf = (found: Answer['dead_letters']) => found.map(({ message_id }) => message_id)
const listed = async (query: string) =>
  idsOf((await answerOf(await get(`${path}?${query}`))).dead_letters)

async function listedByCommand(...args: string[]): Promise<string[]> {
  const { stdout } = await dlq('list', '--json', ...args)
  const lines = stdout.split('\n').filter((line) => line !== '')
  return lines.map((line) => (JSON.parse(line) as { message_id: string }).message_id)
}

const countOf = async (status: string): Promise<number> => {
  const [row] = await gateway.database.sql<{ count: number }[]>`
    SELECT count(*)::int AS count FROM messages WHERE status = ${status}`
  return row?.count ?? 0
}

async function allDelivered(ids: readonly string[]): Promise<void> {
  const what = `${ids.length} messages are delivered`
  await eventually(async () => (await countOf('delivered')) === ids.length, { what })
  const found = await verify(gateway.operatorUrl, ids)
  expect(found).toMatchObject({ checked: ids.length, missing: [], repeated: [] })
}

describe('looking', () => {
  test('a letter tells why, when and after which attempts, in both ways the same', async () => {
    const [id = ''] = await letters(1, { code: 'refused', deadAt: '2026-01-31T12:00:00.123456Z' })
    const summary = {
      message_id: id,
      lane: 'normal',
      attempts: 3,
      provider: 'primary',
      error_code: 'refused',
      detail: 'of it',
      dead_at: '2026-01-31T12:00:00.123Z',
      replayed_at: null,
    }
    const list = await dlq('list', '--json')
    expect(JSON.parse(list.stdout)).toEqual(summary)
    const page = await get(path)
    expect(await answerOf(page)).toMatchObject({ dead_letters: [summary], next_cursor: null })
    const failures = [{ attempt: 3, provider: 'primary', kind: 'unavailable', code: 'refused' }]
    const details = { ...summary, status: 'failed', failures }
    const shown = await get(`${path}/${id.toUpperCase()}`)
    expect(await answerOf(shown)).toMatchObject(details)
    const show = await dlq('show', id.toUpperCase())
    expect(JSON.parse(show.stdout)).toMatchObject(details)
    expect((await dlq('list')).stdout).toContain(
      `${id}  2026-01-31T12:00:00.123Z  normal   3         `,
    )
  })

  test('shows neither recipients nor texts', async () => {
    const [id = ''] = await letters(1)
    const shown = [
      (await dlq('list', '--json')).stdout,
      (await dlq('list')).stdout,
      (await dlq('show', id)).stdout,
      await (await get(path)).text(),
      await (await get(`${path}/${id}`)).text(),
    ]
    for (const answer of shown) {
      expect(answer).toContain(id)
      expect(answer).not.toContain(recipient.slice(1))
      expect(answer).not.toContain(text)
    }
  })

  test('filters and cursors are the same in both ways', async () => {
    const old = await letters(2, { code: 'refused', deadAt: '2026-01-31T11:00:00Z' })
    const express = await letters(2, { lane: 'express', deadAt: '2026-01-31T12:00:00Z' })
    const other = await letters(3, { provider: 'backup', deadAt: '2026-01-31T13:00:00Z' })
    const all = [...other, ...express, ...old]
    const wanted: [string, string[], string[]][] = [
      ['', [], all],
      ['lane=express', ['--lane', 'express'], express],
      ['provider=backup', ['--provider', 'backup'], other],
      ['error_code=refused', ['--error-code', 'refused'], old],
      [
        'from=2026-01-31T12:00:00Z&to=2026-01-31T13:00:00Z',
        ['--from', '2026-01-31T12:00:00Z', '--to', '2026-01-31T13:00:00Z'],
        express,
      ],
      ['provider=backup&lane=express', ['--provider', 'backup', '--lane', 'express'], []],
    ]
    for (const [query, args, ids] of wanted) {
      expect(await listed(query)).toEqual(ids)
      expect(await listedByCommand(...args)).toEqual(ids)
    }
    const first = await answerOf(await get(`${path}?limit=4`))
    expect(idsOf(first.dead_letters)).toEqual(all.slice(0, 4))
    expect(await listed(`limit=4&cursor=${first.next_cursor}`)).toEqual(all.slice(4))
    const { stderr } = await dlq('list', '--limit', '4')
    expect(stderr).toContain(`--cursor ${first.next_cursor}`)
    expect(await listedByCommand('--cursor', first.next_cursor ?? '')).toEqual(all.slice(4))
  })

  test('metrics tell how many wait, and for how long', async () => {
    await letters(2, { deadAt: new Date(Date.now() - 3_600_000).toISOString() })
    const gauge = (name: string) => metric(gateway.processor.url, name)
    await eventually(async () => (await gauge('sms_dead_letters')) === 2, {
      what: 'two wait',
      timeoutMs: 30_000,
    })
    expect(await gauge('sms_dead_letters_oldest_age_seconds')).toBeGreaterThanOrEqual(3_600)
  })
})

describe('replaying', () => {
  test('by ids: what waited is sent, and told', async () => {
    const [first = '', second = '', third = ''] = await letters(3)
    const stranger = Bun.randomUUIDv7()
    const answer = await answerOf(await send('replay', { ids: [first.toUpperCase(), stranger] }))
    expect(answer).toEqual({ replayed: [first], more: false } as unknown as Answer)
    expect((await answerOf(await send('replay', { ids: [first] }))).replayed).toEqual([])
    expect(await dlq('replay', second.toUpperCase(), third)).toMatchObject({
      exitCode: 0,
      stdout: '2 replayed\n',
    })
    const again = await dlq('replay', second)
    expect(again).toMatchObject({ exitCode: 1, stdout: '0 replayed\n' })
    expect(again.stderr).toBe(
      `sms-gateway: not replayed: ${second}; no such letter waits, or its message is redacted, or so old that retention would drop it before it is final\n`,
    )
    await allDelivered([first, second, third])
    expect(await listed('')).toEqual([])
    expect(await listed('replayed=true')).toEqual([first, second, third])
    expect(await listedByCommand('--replayed')).toEqual([first, second, third])
    const counted = await metric(gateway.api.url, 'sms_dead_letters_replayed_total')
    expect(counted).toBeGreaterThan(0)
  })

  test('by a filter: a thousand a request, and whether there are more', async () => {
    const kept = await letters(1, { provider: 'backup' })
    const ids = await letters(1_001, { provider: 'primary' })
    const filter = { provider: 'primary' }
    const first = await answerOf(await send('replay', { filter }))
    expect(first.replayed.length).toBe(1_000)
    expect(first.more).toBe(true)
    const second = await answerOf(await send('replay', { filter }))
    expect(second.replayed.length).toBe(1)
    expect(second.more).toBe(false)
    await allDelivered(ids)
    expect(await listed('')).toEqual(kept)
  })

  test('two at once, a third that is killed in the middle, and once more: each is sent once', async () => {
    const ids = await letters(3_000)
    const killed = spawnRole('dlq', gateway.environment, ['replay', '--all', '--rate', '400'])
    await eventually(async () => killed.logs().includes(' replayed'), { what: 'it has begun' })
    await killed.kill()
    expect(await countOf('failed')).toBeGreaterThan(0)
    const both = await Promise.all([dlq('replay', '--all'), dlq('replay', '--lane', 'normal')])
    expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0])
    expect(both.map(({ stderr }) => stderr).join()).toContain(' replayed')
    const nothing = await dlq('replay', '--all')
    expect(nothing.stdout).toBe('0 replayed\n')
    expect(nothing.stderr).toContain('no dead letter that waits is meant')
    await allDelivered(ids)
  })
})

describe('purging', () => {
  test('is counted and logged; the messages stay failed', async () => {
    const [first = '', second = '', third = '', fourth = ''] = await letters(4)
    await send('replay', { ids: [fourth] })
    const byIds = await answerOf(await send('purge', { ids: [first, fourth] }))
    expect(byIds).toEqual({ purged: [first], more: false } as unknown as Answer)
    const logged = () => gateway.api.logs().includes('"dead_letters.purged"')
    await eventually(async () => logged() && gateway.api.logs().includes(first), {
      what: 'it is logged',
    })
    expect(await metric(gateway.api.url, 'sms_dead_letters_purged_total')).toBe(1)
    const byCommand = await dlq('purge', '--yes', second)
    expect(byCommand).toMatchObject({ exitCode: 0, stdout: '1 purged\n' })
    expect(byCommand.stderr).toContain('"dead_letters.purged"')
    expect(byCommand.stderr).toContain(second)
    const byFilter = await answerOf(await send('purge', { filter: { error_code: 'outage' } }))
    expect(byFilter.purged).toEqual([third])
    expect((await get(`${path}/${first}`)).status).toBe(404)
    expect((await dlq('show', first)).exitCode).toBe(1)
    expect(await countOf('failed')).toBe(3)
    expect((await dlq('purge', '--yes', '--all')).stdout).toBe('0 purged\n')
  })

  test('by filters of the command, and only with --yes', async () => {
    const kept = await letters(1)
    await letters(2, { lane: 'express' })
    const refused = await dlq('purge', '--lane', 'express')
    expect(refused.exitCode).toBe(2)
    expect(refused.stderr).toContain('--yes')
    expect(await dlq('purge', '--lane', 'express', '--yes')).toMatchObject({
      exitCode: 0,
      stdout: '2 purged\n',
    })
    expect(await listed('')).toEqual(kept)
  })
})
