import { beforeEach, describe, expect, test } from 'bun:test'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { guardsOf } from '../domain/traffic-limits.ts'
import { createPumpingAlarm, type PumpingAlarm } from './pumping-alarm.ts'

const phone = '+491701234567'
const guards = guardsOf(
  { customerId: 7, recipient: phone },
  { messages_per_recipient_max: 1, messages_per_prefix_max: 1 },
)

let lines: Record<string, unknown>[]
let nowMs: number
let registry: Registry
let alarm: PumpingAlarm
beforeEach(() => {
  lines = []
  nowMs = 1_000
  registry = new Registry()
  const logger = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) })
  alarm = createPumpingAlarm(registry, logger, { monotonicMs: () => nowMs })
})

const refuse = (customer_id: number) => alarm.refused({ customer_id, phone }, guards)

async function suspected(): Promise<number | undefined> {
  const metric = await registry.getSingleMetric('sms_pumping_suspected_customers')?.get()
  return metric?.values[0]?.value
}

describe('the alarm', () => {
  test('says once a minute of each customer how often, and never to which number', () => {
    for (let count = 0; count < 5; count++) refuse(7)
    refuse(8)
    nowMs += 60_000
    refuse(7)
    expect(lines.map(({ customerId, count }) => [customerId, count])).toEqual([
      [7, 1],
      [8, 1],
      [7, 5],
    ])
    expect(lines[0]).toMatchObject({ prefix: '491701', rules: ['prefix', 'recipient'] })
    expect(JSON.stringify(lines)).not.toContain('1701234567')
  })

  test('shows those who were refused within five minutes', async () => {
    expect(await suspected()).toBe(0)
    refuse(7)
    nowMs += 200_000
    refuse(8)
    expect(await suspected()).toBe(2)
    nowMs += 200_000
    expect(await suspected()).toBe(1)
    nowMs += 200_000
    expect(await suspected()).toBe(0)
  })

  test('remembers a thousand customers at most', async () => {
    for (let id = 1; id <= 1_500; id++) refuse(id)
    expect(await suspected()).toBe(1_000)
  })
})
