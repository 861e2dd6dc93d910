/** Opt-outs on the compiled binary: by a word, by the API, by the command line; and sends that are refused for them. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'
import { metric } from '../support/gateway-fixture.ts'
import { type InboundGateway, newPhone, startInboundGateway } from './inbound-fixture.ts'

/** Within this a change is in force in every process. */
const effectMsMax = 5_000

let it: InboundGateway
let folder: string
beforeAll(async () => {
  it = await startInboundGateway()
  folder = await mkdtemp(join(tmpdir(), 'opt-outs-'))
})
afterAll(async () => {
  await it.close()
  await rm(folder, { recursive: true })
})

const say = async (phone: string, to: string, text: string) =>
  expect((await it.bring({ message_id: crypto.randomUUID(), from: phone, to, text })).status).toBe(
    200,
  )

async function statusIs(key: string, phone: string, status: number, senderId?: string) {
  await eventually(async () => (await it.send(key, phone, senderId)).status === status, {
    what: `a send is answered ${status}`,
    timeoutMs: effectMsMax,
    intervalMs: 50,
  })
}

describe('a word', () => {
  test('that stops has sends refused within five seconds, and one that starts allows them again', async () => {
    const [number, phone] = [newPhone(), newPhone()]
    const { key } = await it.customer(number)
    const another = await it.customer()
    expect((await it.send(key, phone, number)).status).toBe(202)
    await say(phone, number, ' Stop! ')
    await statusIs(key, phone, 422, number)
    const refused = await it.send(key, phone, number)
    expect(refused.body).toMatchObject({
      type: 'urn:sms-gateway:problem:recipient-opted-out',
      status: 422,
    })
    expect(refused.headers.get('retry-after')).toBeNull()
    // Without a sender it may be this one; another sender, another recipient and another customer are free.
    expect((await it.send(key, phone)).status).toBe(422)
    expect((await it.send(key, phone, 'Acme')).status).toBe(202)
    expect((await it.send(key, newPhone(), number)).status).toBe(202)
    expect((await it.send(another.key, phone, number)).status).toBe(202)
    expect(
      await metric(it.gateway.api.url, 'sms_refused_total', { reason: 'opted_out' }),
    ).toBeGreaterThan(0)
    await say(phone, number, 'START')
    await statusIs(key, phone, 202, number)
  })

  test('that stops takes back what waits for its time', async () => {
    const [number, phone, other] = [newPhone(), newPhone(), newPhone()]
    const { key } = await it.customer(number)
    const schedule_at = new Date(Date.now() + 8_000).toISOString()
    const later = async (recipient: string) => {
      const body = { phone: recipient, message: 'hello', schedule_at }
      const answer = await it.call('POST', '/api/v1/messages', body, key)
      expect(answer.body.status).toBe('scheduled')
      return `/api/v1/messages/${answer.body.id}`
    }
    const [taken, sent] = [await later(phone), await later(other)]
    await say(phone, number, 'stop')
    const statusOf = async (path: string) =>
      (await it.call('GET', path, undefined, key)).body.status
    await eventually(async () => (await statusOf(sent)) === 'delivered', {
      what: 'the other one is sent',
      timeoutMs: 30_000,
    })
    expect(await statusOf(taken)).toBe('canceled')
  })

  test('of a customer is one too', async () => {
    const [number, phone] = [newPhone(), newPhone()]
    const { id, key } = await it.customer(number)
    const settings = { opt_out_words: { stop: [' Basta! '], start: ['Encore'] } }
    const changed = await it.call('PATCH', `/api/v1/customers/${id}`, { settings })
    expect(changed.body.settings.opt_out_words).toEqual({ stop: ['basta'], start: ['encore'] })
    await say(phone, number, 'basta')
    await statusIs(key, phone, 422)
    await say(phone, number, 'ENCORE')
    await statusIs(key, phone, 202)
    const faulty: [unknown, string][] = [
      [{ stop: ['start'] }, '/settings/opt_out_words/stop/0'],
      [{ stop: [''] }, '/settings/opt_out_words/stop/0'],
      [{ stop: ['x'.repeat(33)] }, '/settings/opt_out_words/stop/0'],
      [{ stop: ['a'], help: ['A'] }, '/settings/opt_out_words/help/0'],
      [{ stopp: [] }, '/settings/opt_out_words/stopp'],
      [[], '/settings/opt_out_words'],
    ]
    for (const [words, pointer] of faulty) {
      const answer = await it.call('PATCH', `/api/v1/customers/${id}`, {
        settings: { opt_out_words: words },
      })
      expect([answer.status, answer.body.errors?.[0]?.pointer]).toEqual([422, pointer])
    }
  })
})

describe('the API', () => {
  test('refuses in a batch those that are opted out, and takes the others', async () => {
    const { key } = await it.customer()
    const [out, free] = [newPhone(), newPhone()]
    await it.call('POST', '/api/v1/opt-outs', { phone: out }, key)
    await statusIs(key, out, 422)
    const messages = [out, free, out].map((phone) => ({ phone, message: 'hello' }))
    const { status, body } = await it.call('POST', '/api/v1/messages/batch', { messages }, key)
    expect(status).toBe(202)
    const shown = body.messages.map(
      (one: { status?: string; error?: { type: string } }) => one.status ?? one.error?.type,
    )
    const problem = 'urn:sms-gateway:problem:recipient-opted-out'
    expect(shown).toEqual([problem, 'queued', problem])
  })

  test('adds, lists, removes; each customer its own', async () => {
    const [one, two] = [await it.customer(), await it.customer()]
    const phone = newPhone()
    const added = await it.call('POST', '/api/v1/opt-outs', { phone }, one.key)
    expect([added.status, added.body]).toEqual([200, { added: 1 }])
    expect((await it.call('POST', '/api/v1/opt-outs', { phone }, one.key)).body).toEqual({
      added: 0,
    })
    const named = { phone, customer_id: one.id }
    expect((await it.call('POST', '/api/v1/opt-outs', named, two.key)).status).toBe(422)
    expect((await it.call('POST', '/api/v1/opt-outs/remove', named, two.key)).status).toBe(422)
    expect((await it.call('POST', '/api/v1/opt-outs/remove', { phone }, two.key)).body).toEqual({
      removed: 0,
    })
    expect((await it.call('GET', '/api/v1/opt-outs', undefined, two.key)).body).toEqual({
      opt_outs: [],
      next_cursor: null,
    })
    expect((await it.call('GET', '/api/v1/opt-outs/export', undefined, two.key)).text).toBe('')
    const asked = `/api/v1/opt-outs?customer_id=${one.id}`
    expect((await it.call('GET', asked, undefined, two.key)).status).toBe(422)
    expect((await it.call('GET', asked)).body.opt_outs).toMatchObject([
      { customer_id: one.id, phone, sender_id: null, source: 'api' },
    ])
    expect((await it.call('POST', '/api/v1/opt-outs/remove', named)).body).toEqual({ removed: 1 })
    await statusIs(one.key, phone, 202)
    const nobody = { phone, customer_id: 999_999 }
    expect((await it.call('POST', '/api/v1/opt-outs', nobody)).body.errors).toMatchObject([
      { pointer: '/customer_id' },
    ])
    expect((await it.call('POST', '/api/v1/opt-outs', { phone })).status).toBe(422)
  })

  test('needs the scope', async () => {
    const { id } = await it.customer()
    const issued = await it.call('POST', '/api/v1/keys', { customer_id: id, scopes: ['read'] })
    const key = issued.body.key as string
    expect((await it.call('GET', '/api/v1/opt-outs', undefined, key)).status).toBe(200)
    for (const path of ['', '/remove', '/import']) {
      expect((await it.call('POST', `/api/v1/opt-outs${path}`, {}, key)).status).toBe(403)
    }
    const sending = await it.call('POST', '/api/v1/keys', { customer_id: id, scopes: ['send'] })
    const sender = sending.body.key as string
    const phone = newPhone()
    expect((await it.call('POST', '/api/v1/opt-outs', { phone }, sender)).status).toBe(200)
    expect((await it.call('POST', '/api/v1/opt-outs/remove', { phone }, sender)).status).toBe(403)
    expect(
      (await it.call('GET', `/api/v1/opt-outs?phone=${encodeURIComponent(phone)}`, undefined, key))
        .body.opt_outs,
    ).toHaveLength(1)
  })

  test('imports all or nothing, and exports what it imported', async () => {
    const [one, two] = [await it.customer(), await it.customer()]
    const opt_outs = Array.from({ length: 2_500 }, (_, n) => ({
      phone: `+4916${String(n).padStart(8, '0')}`,
      ...(n % 2 === 0 ? {} : { sender_id: 'Acme' }),
    }))
    const path = '/api/v1/opt-outs/import'
    const faulty = [
      ...opt_outs,
      { phone: '0170' },
      { phone: newPhone(), sender_id: '???' },
      { more: 1 },
    ]
    const refused = await it.call('POST', path, { opt_outs: faulty }, one.key)
    expect(refused.status).toBe(422)
    const pointers = refused.body.errors.map(({ pointer }: { pointer: string }) => pointer)
    expect(pointers).toEqual([
      '/opt_outs/2500/phone',
      '/opt_outs/2501/sender_id',
      '/opt_outs/2502/phone',
      '/opt_outs/2502/more',
    ])
    expect((await it.call('GET', '/api/v1/opt-outs', undefined, one.key)).body.opt_outs).toEqual([])
    for (const body of [{ opt_outs: [] }, {}, { opt_outs: Array(10_001).fill(opt_outs[0]) }]) {
      expect((await it.call('POST', path, body, one.key)).status).toBe(422)
    }
    expect((await it.call('POST', path, { opt_outs }, one.key)).body).toEqual({ added: 2_500 })
    expect((await it.call('POST', path, { opt_outs }, one.key)).body).toEqual({ added: 0 })

    const exported = await it.call('GET', '/api/v1/opt-outs/export', undefined, one.key)
    expect(exported.headers.get('content-type')).toBe('application/x-ndjson')
    const lines = exported.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines).toHaveLength(2_500)
    const again = lines.map(({ phone, sender_id }) => ({ phone, sender_id }))
    expect((await it.call('POST', path, { opt_outs: again }, two.key)).body).toEqual({
      added: 2_500,
    })
    const csv = async (key: string) => {
      const { text } = await it.call('GET', '/api/v1/opt-outs/export?format=csv', undefined, key)
      return text.split('\n').map((line) => line.split(',').slice(1, 4).join(','))
    }
    expect(await csv(two.key)).toEqual(await csv(one.key))
    const bad = await it.call('GET', '/api/v1/opt-outs/export?format=xml&x=1', undefined, one.key)
    expect(bad.body.errors).toHaveLength(2)
  })
})

describe('the command line', () => {
  test('adds, lists, removes, exports and imports', async () => {
    const [one, two] = [await it.customer(), await it.customer()]
    const phone = newPhone()
    const customer = ['--customer', String(one.id)]
    expect((await it.command('opt-outs', 'add', phone, ...customer)).exitCode).toBe(0)
    expect(
      (await it.command('opt-outs', 'add', phone, ...customer, '--sender', 'Acme')).exitCode,
    ).toBe(0)
    await statusIs(one.key, phone, 422)
    expect((await it.command('opt-outs', 'list', ...customer)).stdout).toMatch(
      new RegExp(`^CUSTOMER .*\\n${one.id} +\\${phone} +\\(all\\) +api +\\S+Z\\n.* Acme +api `),
    )
    for (const format of ['csv', 'ndjson']) {
      const { stdout } = await it.command('opt-outs', 'export', ...customer, '--format', format)
      const path = join(folder, `${one.id}.${format}`)
      await Bun.write(path, stdout)
      const done = await it.command('opt-outs', 'import', path, '--customer', String(two.id))
      expect([done.exitCode, done.stderr]).toEqual([0, ''])
    }
    const listed = await it.command('opt-outs', 'list', '--customer', String(two.id), '--json')
    expect(
      listed.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { customer_id: two.id, phone, sender_id: null, source: 'import' },
      { customer_id: two.id, phone, sender_id: 'Acme', source: 'import' },
    ])
    for (const sender of [[], ['--sender', 'Acme']]) {
      expect((await it.command('opt-outs', 'remove', phone, ...customer, ...sender)).exitCode).toBe(
        0,
      )
    }
    expect((await it.command('opt-outs', 'remove', phone, ...customer)).exitCode).toBe(1)
    await statusIs(one.key, phone, 202)
  })

  test('says what is wrong', async () => {
    const { id } = await it.customer()
    const path = join(folder, 'faulty.csv')
    await Bun.write(path, `phone\n${newPhone()}\n0170\n`)
    const refused = await it.command('opt-outs', 'import', path, '--customer', String(id))
    expect([refused.exitCode, refused.stderr]).toEqual([
      2,
      expect.stringContaining('line 3: phone must be'),
    ])
    expect((await it.command('opt-outs', 'list', '--customer', String(id))).stdout).toBe(
      'no opt-outs\n',
    )
    const wrong: string[][] = [
      ['add', '0170', '--customer', '1'],
      ['add', newPhone()],
      ['add', newPhone(), '--customer', '1', '--sender', '???'],
      ['import', join(folder, 'none'), '--customer', '1'],
      ['export', '--format', 'xml'],
    ]
    for (const args of wrong) expect((await it.command('opt-outs', ...args)).exitCode).toBe(2)
    expect((await it.command('opt-outs', 'add', newPhone(), '--customer', '999999')).exitCode).toBe(
      1,
    )
  })
})
