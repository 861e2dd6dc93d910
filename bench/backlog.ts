/** A backlog in the normal lane, for the rows that look at how it is sent. */
import { planOf, runLoad } from './load/load.ts'
import { batchBody, batchPath } from './messages.ts'
import { type Bench, failuresOf } from './row.ts'
import type { Servers } from './servers.ts'

const batchSize = 1_000

export interface Backlog {
  readonly messages: number
  readonly faults: readonly string[]
}

/** Accepted by the running API, as many as `messages` at full scale, while no processor runs. */
export async function acceptBacklog(
  { apiUrl }: Servers,
  messages: number,
  { scale }: Bench,
): Promise<Backlog> {
  const requestsMax = Math.round((messages * scale) / batchSize)
  const url = `${apiUrl}${batchPath}`
  const plan = planOf({ url, body: batchBody(batchSize), connections: 4, requestsMax })
  return { messages: requestsMax * batchSize, faults: failuresOf(await runLoad(plan)) }
}
