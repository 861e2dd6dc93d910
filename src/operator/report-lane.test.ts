import { describe, expect, test } from 'bun:test'
import type { Behaviour } from './behaviour.ts'
import { behaviourDefault } from './behaviour.ts'
import type { Report } from './report.ts'
import { createReportLane } from './report-lane.ts'

/** Longer than any test: whatever leaves did not leave because it lingered. */
const neverMs = 10_000

function laneOf(behaviour: Partial<Behaviour>) {
  const flights: { ids: string[]; land: () => void }[] = []
  let idles = 0
  const lane = createReportLane({
    behaviour: () => ({ ...behaviourDefault, report_linger_ms: neverMs, ...behaviour }),
    deliver: (reports) =>
      new Promise((land) => flights.push({ ids: reports.map((one) => one.messageId), land })),
    onIdle: () => {
      idles++
    },
  })
  const add = (messageId: string, urgent = false) => lane.add(reportOf(messageId), urgent)
  return { lane, add, flights, idles: () => idles }
}

function reportOf(messageId: string): Report {
  return { messageId, callbackUrl: '', status: 'delivered', occurredAtMs: 0, onSettled: null }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('a batch', () => {
  test('leaves when it is full', () => {
    const { lane, add, flights } = laneOf({ report_batch_max: 2 })
    for (const id of ['a', 'b', 'c']) add(id)
    expect(flights.map((flight) => flight.ids)).toEqual([['a', 'b']])
    expect(lane.size).toBe(3)
    lane.clear()
    expect(lane.size).toBe(2)
  })
  test('leaves with an urgent report', () => {
    const { add, flights } = laneOf({})
    add('a')
    add('b', true)
    expect(flights.map((flight) => flight.ids)).toEqual([['a', 'b']])
  })
  test('leaves when it has lingered', async () => {
    const { add, flights } = laneOf({ report_linger_ms: 1 })
    add('a')
    expect(flights).toEqual([])
    while (flights.length === 0) await turn()
    expect(flights[0]?.ids).toEqual(['a'])
  })
})

test('no more flights than allowed; what waits grows into the next batch', async () => {
  const { lane, add, flights, idles } = laneOf({ report_flights_max: 1 })
  add('a', true)
  add('b', true)
  add('c', true)
  expect(flights.map((flight) => flight.ids)).toEqual([['a']])
  flights[0]?.land()
  await turn()
  expect(flights.map((flight) => flight.ids)).toEqual([['a'], ['b', 'c']])
  expect(idles()).toBe(0)
  flights[1]?.land()
  await turn()
  expect(idles()).toBe(1)
  expect(lane.size).toBe(0)
})

test('reports behind full batches are not left behind', async () => {
  const { lane, add, flights } = laneOf({ report_flights_max: 1, report_batch_max: 2 })
  for (const id of ['a', 'b', 'c', 'd', 'e']) add(id)
  lane.hurry()
  for (let landed = 0; landed < 3; landed++) {
    flights[landed]?.land()
    await turn()
  }
  expect(flights.map((flight) => flight.ids)).toEqual([['a', 'b'], ['c', 'd'], ['e']])
})
