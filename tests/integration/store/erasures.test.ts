/** Erasure of what a number has sent, and how many may be at work, on a real PostgreSQL. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { createProcessorMetrics } from '../../../src/processor/processor-metrics.ts'
import { createRedactionServices } from '../../../src/processor/redaction-services.ts'
import type { Service } from '../../../src/runtime/service.ts'
import { erasuresOfCustomerMax } from '../../../src/store/erasures.ts'
import { eventually } from '../../support/eventually.ts'
import { createStoreFixture, type StoreFixture } from './store-fixture.ts'

const phone = '+491701234567'

let fixture: StoreFixture
let running: Service[] = []
beforeAll(async () => {
  fixture = await createStoreFixture()
})
afterEach(async () => {
  await Promise.all(running.map((service) => service.stop()))
  running = []
  await fixture.database.write`TRUNCATE erasures, inbound_messages`
})
afterAll(() => fixture.close())

async function start(): Promise<void> {
  running = createRedactionServices({
    store: fixture.store,
    retentionDays: 60,
    metrics: createProcessorMetrics(new Registry()),
    logger: pino({ level: 'silent' }),
  })
  for (const service of running) await service.start()
}

function request(customerId: number | null = null) {
  const erasure = { id: Bun.randomUUIDv7(), customerId, phone, phoneMasked: '+49********67' }
  return fixture.store.recorded(
    { actor: 'a test', requestId: null },
    (changes) => changes.requestErasure(erasure),
    () => null,
  )
}

const shown = async (id: string) => await fixture.store.getErasure(id, null)

describe('an erasure', () => {
  test('takes what the number has sent, of one customer or of all, and nothing that others have sent', async () => {
    const { write } = fixture.database
    const inbound = (sender: string, customerId: number, count = 1) => write`
      INSERT INTO inbound_messages (id, provider, sender, recipient, body, customer_id, keyword, parts, received_at)
      SELECT uuid_v7_now(), 'a', ${sender}, '+4915000000', 'hello', ${customerId}, '', 1, now()
      FROM generate_series(1, ${count}::int)`
    await inbound(phone, 1, 1_200)
    await inbound(phone, 2)
    await inbound('+491701234568', 1)
    const left = async () =>
      [...(await write`SELECT sender, customer_id::int AS customer FROM inbound_messages`)].map(
        ({ sender, customer }) => [sender, customer],
      )
    const ended = async (customerId: number | null) => {
      const id = (await request(customerId))?.id ?? ''
      await eventually(async () => (await shown(id))?.finishedAt !== null, {
        what: 'it is finished',
        timeoutMs: 30_000,
      })
      return (await shown(id))?.redacted
    }
    await start()
    expect(await ended(1)).toBe(1_200)
    expect((await left()).toSorted()).toEqual([
      [phone, 2],
      ['+491701234568', 1],
    ])
    expect(await ended(null)).toBe(1)
    expect(await left()).toEqual([['+491701234568', 1]])
  })

  test('of one customer are a hundred at once, and leave places to others', async () => {
    const made = await Promise.all(Array.from({ length: erasuresOfCustomerMax }, () => request(1)))
    expect(made.filter((erasure) => erasure === null)).toEqual([])
    expect(await request(1)).toBeNull()
    expect(await request(2)).not.toBeNull()
    expect(await request()).not.toBeNull()
  })
})
