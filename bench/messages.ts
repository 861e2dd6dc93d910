/** The messages of the benchmark, and checking what became of them. */
import { evidenceOf } from '../loadtest/operator-evidence.ts'
import { eventually } from '../tests/support/eventually.ts'
import { statusCounts } from '../tests/support/gateway-fixture.ts'
import type { TestDatabase } from '../tests/support/test-database.ts'

/** Country code 999 is assigned to nobody. */
const message = { phone: '+999000000000', message: 'A message of the benchmark', customer_id: 1 }

export const onePath = '/api/v1/messages'
export const expressPath = '/api/v1/messages/express'
export const batchPath = '/api/v1/messages/batch'
export const oneBody = JSON.stringify(message)

export function batchBody(size: number): string {
  return JSON.stringify({ messages: Array.from({ length: size }, () => message) })
}

/** A sentence when not exactly `count` messages are committed. */
export async function storedFaults(database: TestDatabase, count: number): Promise<string[]> {
  const stored = Object.values(await statusCounts(database)).reduce((sum, one) => sum + one, 0)
  return stored === count ? [] : [`${count} messages were accepted, ${stored} are stored`]
}

/** Sentences when not every id is delivered and came to the operator exactly once. Waits until nothing changes any more. */
export async function lifeFaults(
  database: TestDatabase,
  operatorUrl: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const faults: string[] = []
  try {
    await eventually(async () => (await statusCounts(database)).delivered === ids.length, {
      what: `${ids.length} messages are delivered`,
      timeoutMs: 60_000,
      intervalMs: 1_000,
    })
  } catch {
    const counts = JSON.stringify(await statusCounts(database))
    faults.push(`${ids.length} messages were accepted; by status there are ${counts}`)
  }
  const { missing, repeated } = await evidenceOf(operatorUrl, ids, signal)
  if (missing.length > 0) faults.push(`${missing.length} never came to the operator`)
  if (repeated.length > 0) faults.push(`${repeated.length} came to the operator more than once`)
  return faults
}

export async function readIds(path: string): Promise<string[]> {
  return (await Bun.file(path).text()).split('\n').filter((line) => line !== '')
}
