/** Redaction and erasure on a real PostgreSQL: what goes, what stays, and what several processes make of it. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { dayMs } from '../../../src/domain/duration.ts'
import type { NewMessage } from '../../../src/domain/message.ts'
import type { PrivacySettings } from '../../../src/domain/redaction.ts'
import { createProcessorMetrics } from '../../../src/processor/processor-metrics.ts'
import { createRedactionServices } from '../../../src/processor/redaction-services.ts'
import type { Service } from '../../../src/runtime/service.ts'
import { walkMessagesMax } from '../../../src/store/redactions.ts'
import { eventually } from '../../support/eventually.ts'
import { createStoreFixture, newMessage, type StoreFixture, validityMs } from './store-fixture.ts'

const phone = '+491701234567'
const masked = '+49********67'
const text = 'ж'.repeat(71)
const actor = { actor: 'a test', requestId: null }

let fixture: StoreFixture
let running: Service[] = []
beforeAll(async () => {
  fixture = await createStoreFixture()
  for (const day of [-40, -20, -8]) {
    await fixture.database
      .write`SELECT create_day_partitions((now() AT TIME ZONE 'UTC')::date + ${day}::int)`
  }
})
afterAll(() => fixture.close())
beforeEach(async () => {
  await Promise.all(running.map((service) => service.stop()))
  running = []
  const { write } = fixture.database
  await write`TRUNCATE messages, delivery_reports, dead_letters, erasures, redaction_walks, redaction_waits`
  await write`UPDATE customers SET settings = '{}'`
})

/** What as many processors do for privacy. */
async function start(processors = 1): Promise<void> {
  const options = {
    store: fixture.store,
    retentionDays: 60,
    metrics: createProcessorMetrics(new Registry()),
    logger: pino({ level: 'silent' }),
  }
  for (let n = 0; n < processors; n++) running.push(...createRedactionServices(options))
  for (const service of running) await service.start()
}

async function customer(id: number, privacy?: PrivacySettings): Promise<void> {
  await fixture.store.createCustomer(id, 'somebody')
  if (privacy !== undefined) await fixture.store.updateCustomer(id, { settings: { privacy } })
}

async function accepted(count: number, changes: Partial<NewMessage> = {}, ageMs = 60_000) {
  const messages = Array.from({ length: count }, () => ({
    ...newMessage('normal', Date.now() - ageMs),
    recipient: phone,
    text,
    ...changes,
  }))
  await fixture.store.insertMessages(messages, validityMs)
  return messages.map(({ id }) => id)
}

async function become(ids: readonly string[], status: string): Promise<void> {
  await fixture.database.write`
    UPDATE messages SET status = ${status}, final_at = now()
    WHERE id IN (SELECT value::uuid FROM jsonb_array_elements_text(${fixture.database.write.json(ids as string[])}))`
}

const get = async (id: string) => await fixture.store.queries.get(id, null)
const textGone = async (id: string) => (await get(id))?.redaction?.text_at !== undefined
const all = async (ids: readonly string[], is: (id: string) => Promise<boolean>) =>
  (await Promise.all(ids.map(is))).every(Boolean)

describe('by the settings of customers', () => {
  test('final messages lose text and number, and keep what they cost; nobody else loses anything', async () => {
    await customer(1, { redact_message_after_days: 0, redact_phone_after_days: 0 })
    await customer(2)
    await customer(3, { redact_message_after_days: 0 })
    const mine = await accepted(3)
    const [waiting = ''] = await accepted(1)
    const theirs = await accepted(2, { customerId: 2 })
    const [textOnly = ''] = await accepted(1, { customerId: 3 })
    await become([...mine, ...theirs, textOnly], 'delivered')
    await start()
    await eventually(() => all([...mine, textOnly], textGone), { what: 'they are redacted' })
    for (const id of mine) {
      const message = await get(id)
      expect(message).toMatchObject({ text: '', recipient: masked, status: 'delivered' })
      expect(message?.redaction).toMatchObject({ encoding: 'ucs2', segments: 2 })
      expect(message?.redaction?.phone_at).toBeString()
    }
    expect(await get(textOnly)).toMatchObject({ text: '', recipient: phone })
    expect(await get(waiting)).toMatchObject({ text, recipient: phone, redaction: null })
    for (const id of theirs) expect(await get(id)).toMatchObject({ text, redaction: null })
    await become([waiting], 'undelivered')
    await fixture.database.write`UPDATE redaction_waits SET check_at = now()`
    await eventually(() => textGone(waiting), { what: 'the last one is redacted' })
    await eventually(
      async () => (await fixture.database.write`SELECT FROM redaction_waits`).length === 0,
      { what: 'nothing waits any more' },
    )
  })

  test('after days, each for itself, also what is older than the setting', async () => {
    await customer(1, { redact_message_after_days: 7, redact_phone_after_days: 30 })
    const [young = ''] = await accepted(1)
    const [older = ''] = await accepted(1, {}, 8 * dayMs)
    const [oldest = ''] = await accepted(1, {}, 40 * dayMs)
    await become([young, older, oldest], 'delivered')
    await start()
    await eventually(() => all([older, oldest], textGone), { what: 'two are redacted' })
    await eventually(async () => (await get(oldest))?.recipient === masked, { what: 'its number' })
    expect(await get(older)).toMatchObject({ text: '', recipient: phone })
    expect(await get(young)).toMatchObject({ text, recipient: phone, redaction: null })
    // A setting that is changed takes what is there.
    await fixture.store.updateCustomer(1, { settings: { privacy: { redact_phone_after_days: 0 } } })
    await eventually(
      () => all([young, older], async (id) => (await get(id))?.recipient === masked),
      {
        what: 'all numbers are masked',
      },
    )
    expect((await get(young))?.text).toBe(text)
    await fixture.store.updateCustomer(1, { settings: { privacy: null } })
    await eventually(
      async () => (await fixture.database.write`SELECT FROM redaction_walks`).length === 0,
      { what: 'nobody walks any more' },
    )
  })

  test('by several processes at once, one of which died in the middle: each message, and once', async () => {
    await customer(1, { redact_message_after_days: 0, redact_phone_after_days: 0 })
    const count = 3 * walkMessagesMax + 7
    const ids = await accepted(count)
    await become(ids.slice(5), 'delivered')
    await fixture.store.syncRedactionWalks()
    const taken = await fixture.store.takeRedactionWalks()
    expect(taken.map(({ behindS, candidates }) => [behindS, candidates.length]).toSorted()).toEqual(
      [
        [3_600, 0],
        [4, walkMessagesMax],
      ],
    )
    // It dies here. While it might live, nobody else gets its walks.
    expect(await fixture.store.takeRedactionWalks()).toEqual([])
    await fixture.database.write`UPDATE redaction_walks SET visit_at = now()`
    await start(3)
    await eventually(() => all(ids.slice(5), textGone), { what: 'all are redacted' })
    for (const id of ids.slice(0, 5))
      expect(await get(id)).toMatchObject({ text, recipient: phone })
    const [waits] = await fixture.database.write`SELECT count(*)::int FROM redaction_waits`
    expect(waits?.count).toBe(5)
  })

  test('a dead letter keeps its message for three days, and ends with it', async () => {
    await customer(1, { redact_message_after_days: 0 })
    const [kept = '', over = '', purged = ''] = await accepted(3)
    await become([kept, over, purged], 'failed')
    const { write } = fixture.database
    await write`UPDATE messages SET final_at = now() - interval '73 hours' WHERE id = ${over}`
    for (const id of [kept, over, purged]) {
      await write`INSERT INTO dead_letters (message_id, lane, attempts, error_code, detail)
        VALUES (${id}, 'normal', 8, 'timeout', '')`
    }
    await fixture.store.purgeDeadLetters([purged])
    await start()
    await eventually(() => all([over, purged], textGone), { what: 'two are redacted' })
    expect(await get(kept)).toMatchObject({ text, redaction: null })
    expect(await fixture.store.getDeadLetter(over)).toBeNull()
    const replayed = await fixture.store.replayDeadLetters([kept, over], validityMs, dayMs)
    expect(replayed).toEqual([kept])
  })

  test('what is sent again meanwhile is not redacted', async () => {
    await customer(1)
    const [id = ''] = await accepted(1)
    const redaction = { id, text: { encoding: 'gsm7', segments: 1 } as const, maskedPhone: masked }
    expect(await fixture.store.redactMessages([redaction])).toEqual([])
    expect(await get(id)).toMatchObject({ text, recipient: phone, status: 'queued' })
    await become([id], 'failed')
    expect(await fixture.store.redactMessages([redaction])).toEqual([id])
    expect(await fixture.store.redactMessages([redaction])).toEqual([])
  })
})

describe('erasure by number', () => {
  const request = (customerId: number | null = null) => {
    const erasure = { id: Bun.randomUUIDv7(), customerId, phone, phoneMasked: masked }
    return fixture.store.recorded(
      actor,
      (changes) => changes.requestErasure(erasure),
      () => ({ action: 'erasure.requested', target: erasure.id }),
    )
  }
  const shown = async (id: string, customerId: number | null = null) =>
    await fixture.store.getErasure(id, customerId)

  test('takes all that is final, takes back what waits, and waits for the rest; then it forgets the number', async () => {
    await customer(1)
    const old = await accepted(1, {}, 20 * dayMs)
    const done = await accepted(520)
    const waiting = await accepted(3)
    const [sent = ''] = await accepted(1)
    const [other = ''] = await accepted(1, { recipient: '+491701234568' })
    await become([...old, ...done, other], 'delivered')
    await become([sent], 'sent')
    const erasure = await request()
    expect(erasure).toMatchObject({ customerId: null, phoneMasked: masked, finishedAt: null })
    await start(2)
    const id = erasure?.id ?? ''
    await eventually(() => all([...old, ...done, ...waiting], textGone), { what: 'they are gone' })
    await eventually(async () => (await shown(id))?.pending === 1, { what: 'one is pending' })
    expect(await shown(id)).toMatchObject({ redacted: 524, canceled: 3, finishedAt: null })
    for (const waited of waiting) {
      expect(await get(waited)).toMatchObject({ status: 'canceled', recipient: masked, text: '' })
    }
    expect(await get(sent)).toMatchObject({ text, recipient: phone })
    await become([sent], 'delivered')
    await eventually(async () => (await shown(id))?.finishedAt !== null, {
      what: 'it is finished',
      timeoutMs: 30_000,
    })
    expect(await shown(id)).toMatchObject({ pending: 0, redacted: 525, canceled: 3 })
    expect(await get(other)).toMatchObject({ text, redaction: null })
    const rows = await fixture.database.write`SELECT phone FROM erasures`
    expect([...rows]).toEqual([{ phone: null }])
  })

  test('of one customer leaves the others alone, and is nobody else’s to see', async () => {
    const [mine = ''] = await accepted(1)
    const [theirs = ''] = await accepted(1, { customerId: 2 })
    await become([mine, theirs], 'rejected')
    const id = (await request(1))?.id ?? ''
    await start()
    await eventually(async () => (await shown(id, 1))?.finishedAt !== null, { what: 'it is done' })
    expect(await get(mine)).toMatchObject({ text: '', recipient: masked })
    expect(await get(theirs)).toMatchObject({ text, recipient: phone })
    expect(await shown(id, 2)).toBeNull()
  })

  test('a step that somebody else has done already changes nothing', async () => {
    const id = (await request())?.id ?? ''
    const taken = await fixture.store.takeErasure()
    expect(await fixture.store.takeErasure()).toBeNull()
    if (taken === null) throw new Error('there was one')
    const step = { position: Bun.randomUUIDv7(), pending: 0, redacted: 2, canceled: 1 }
    expect(await fixture.store.moveErasure(taken, step)).toBe(false)
    expect(await fixture.store.moveErasure(taken, { ...step, position: null })).toBe(false)
    expect(await shown(id)).toMatchObject({ redacted: 2, canceled: 1, finishedAt: null })
    const at = { ...taken, position: step.position }
    expect(await fixture.store.moveErasure(at, { ...step, position: null })).toBe(true)
    expect(await shown(id)).toMatchObject({ redacted: 4, finishedAt: expect.any(Date) })
    expect(await fixture.store.takeErasure()).toBeNull()
  })

  test('is remembered for 90 days', async () => {
    const id = (await request())?.id ?? ''
    const { write } = fixture.database
    await write`UPDATE erasures SET visit_at = NULL, finished_at = now() - interval '89 days'`
    expect(await fixture.store.forgetErasures()).toBe(0)
    await write`UPDATE erasures SET finished_at = now() - interval '91 days'`
    expect(await fixture.store.forgetErasures()).toBe(1)
    expect(await shown(id)).toBeNull()
  })
})
