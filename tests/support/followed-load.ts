/** Messages that keep coming while something else is done, and where the operator saw them. */
import { eventually } from './eventually.ts'
import { submitMany } from './gateway-fixture.ts'

/** Submits by identity. */
export type SubmitCounts = Readonly<Record<string, number>>

export interface SteadyLoad {
  /** Accepted so far. */
  readonly ids: readonly string[]
  /** Lets `count` more go out; answers where they went. */
  submitsDuring(count: number): Promise<SubmitCounts>
  /** Resolves when the last is accepted. */
  stop(): Promise<void>
}

/** Messages in a batch; the next leaves when no more than that are under way. */
const batchSize = 50
const lookMs = 20

export async function submitCounts(operatorUrl: string): Promise<SubmitCounts> {
  const response = await fetch(`${operatorUrl}/control/counters`)
  const { identities } = (await response.json()) as {
    identities: Record<string, { submits: number }>
  }
  return Object.fromEntries(
    Object.entries(identities).map(([name, { submits }]) => [name, submits]),
  )
}

const totalOf = (counts: SubmitCounts): number =>
  Object.values(counts).reduce((sum, submits) => sum + submits, 0)

export async function startLoad(apiUrl: string, operatorUrl: string): Promise<SteadyLoad> {
  const ids: string[] = []
  const total = async (): Promise<number> => totalOf(await submitCounts(operatorUrl))
  const before = await total()
  let stopped = false

  async function run(): Promise<void> {
    while (!stopped) {
      ids.push(...(await submitMany(apiUrl, batchSize)))
      const enough = before + ids.length - batchSize
      await eventually(async () => stopped || (await total()) >= enough, {
        what: 'providers get what is accepted',
        intervalMs: lookMs,
      })
    }
  }
  const running = run()
  // Whoever waits for the load is told.
  running.catch(() => undefined)

  return {
    ids,
    async submitsDuring(count) {
      const first = await submitCounts(operatorUrl)
      const reached = eventually(async () => (await total()) >= totalOf(first) + count, {
        what: `${count} more are submitted`,
        timeoutMs: 30_000,
      })
      await Promise.race([reached, running])
      const last = await submitCounts(operatorUrl)
      return Object.fromEntries(
        Object.entries(last).map(([name, submits]) => [name, submits - (first[name] ?? 0)]),
      )
    },
    async stop() {
      stopped = true
      await running
    },
  }
}
