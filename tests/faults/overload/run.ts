/**
 * Five times what the API can take: `bun tests/faults/overload/run.ts [--seconds 60]`. First measures its capacity, with as many
 * connections as it is fastest with, then offers five times as much. Exit code 1 when a bound did not hold.
 */
import { parseArgs } from 'node:util'
import { residentBytes } from '../../../bench/processes.ts'
import { type Backends, startBackends } from '../../../loadtest/private-servers.ts'
import { printTable } from '../../../loadtest/table.ts'
import { statusCounts } from '../../support/gateway-fixture.ts'
import { type OverloadPlan, type OverloadResult, overload } from './load.ts'

const times = 5
const capacityMs = 5_000
const sampleMs = 250
/** After the load, what it left is looked at. */
const calmMs = 5_000
const mebibyte = 1_048_576
const backlogMax = '1000000000'

const bounds = {
  acceptedP99Ms: 1_000,
  refusedP99Ms: 50,
  recoverySeconds: 5,
  peakMebibytes: 512,
} as const

interface Work {
  readonly name: string
  readonly path: string
  readonly messagesPerRequest: number
  /** The API is fastest with these. */
  readonly connections: number
  readonly connectionsUnderLoad: number
}

const works: readonly Work[] = [
  {
    name: 'one message a POST',
    path: '/api/v1/messages',
    messagesPerRequest: 1,
    connections: 64,
    connectionsUnderLoad: 1_000,
  },
  {
    name: '100 a POST',
    path: '/api/v1/messages/batch',
    messagesPerRequest: 100,
    connections: 16,
    connectionsUnderLoad: 1_000,
  },
  {
    name: '1,000 a POST',
    path: '/api/v1/messages/batch',
    messagesPerRequest: 1_000,
    connections: 8,
    connectionsUnderLoad: 200,
  },
]

/** Country code 999 is assigned to nobody. */
const message = { phone: '+999000000000', message: 'A message too many', customer_id: 1 }

interface Measured {
  readonly work: Work
  readonly capacityPerSecond: number
  readonly result: OverloadResult
  readonly mebibytes: { readonly before: number; readonly peak: number; readonly after: number }
  readonly recoverySeconds: number
  readonly faults: readonly string[]
}

async function measure(
  backends: Backends,
  pid: number,
  work: Work,
  durationMs: number,
): Promise<Measured> {
  await backends.database.sql`TRUNCATE messages`
  const { path, messagesPerRequest: size, connections } = work
  const body = JSON.stringify(
    size === 1 ? message : { messages: Array.from({ length: size }, () => message) },
  )
  const url = `${backends.apiUrl}${path}`
  const closed: OverloadPlan = {
    url,
    body,
    connections,
    requestsPerSecond: null,
    durationMs: capacityMs,
  }
  const capacity = await overload(closed)
  const capacityPerSecond = perSecond(capacity.accepted.count, capacity)
  const resident = () => Math.round(residentBytes(pid) / mebibyte)
  const before = resident()
  let peak = before
  const sampling = setInterval(() => {
    peak = Math.max(peak, resident())
  }, sampleMs)
  const result = await overload({
    ...closed,
    connections: work.connectionsUnderLoad,
    requestsPerSecond: capacityPerSecond * times,
    durationMs,
  })
  clearInterval(sampling)
  const recovered = await recovery(backends.apiUrl)
  await Bun.sleep(calmMs)
  const accepted = (capacity.accepted.count + result.accepted.count) * size + recovered.accepted
  const stored = Object.values(await statusCounts(backends.database)).reduce((a, b) => a + b, 0)
  const measured = {
    work,
    capacityPerSecond,
    result,
    mebibytes: { before, peak, after: resident() },
    recoverySeconds: recovered.seconds,
  }
  const lost = stored === accepted ? [] : [`${accepted} were accepted, ${stored} are stored`]
  return { ...measured, faults: [...lost, ...faultsOf(measured)] }
}

/** How many in a row mean that it is over. */
const recoveryMessages = 20
const recoveryMsMax = 60_000

/** Until messages are accepted one after the other, as if nothing had been. */
async function recovery(apiUrl: string): Promise<{ seconds: number; accepted: number }> {
  const startedMs = performance.now()
  let accepted = 0
  let inARow = 0
  while (inARow < recoveryMessages && performance.now() - startedMs < recoveryMsMax) {
    const response = await fetch(`${apiUrl}/api/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(message),
    })
    await response.arrayBuffer()
    inARow = response.status === 202 ? inARow + 1 : 0
    if (response.status === 202) accepted++
  }
  return { seconds: (performance.now() - startedMs) / 1_000, accepted }
}

function faultsOf({ result, mebibytes, recoverySeconds }: Omit<Measured, 'faults'>): string[] {
  const { accepted, refused, refusedWithoutRetryAfter, failures } = result
  const faults = Object.entries(failures).map(([kind, count]) => `${count} ended with ${kind}`)
  if (refusedWithoutRetryAfter > 0) {
    faults.push(`${refusedWithoutRetryAfter} were refused without Retry-After`)
  }
  const limits: [string, number, number][] = [
    ['accepted p99, ms', accepted.latencyMs.p99, bounds.acceptedP99Ms],
    ['refused p99, ms', refused.count === 0 ? 0 : refused.latencyMs.p99, bounds.refusedP99Ms],
    ['seconds to recover', recoverySeconds, bounds.recoverySeconds],
    ['peak memory, MiB', mebibytes.peak, bounds.peakMebibytes],
  ]
  for (const [what, value, most] of limits) {
    if (value > most) faults.push(`${what}: ${value.toFixed(1)}, at most ${most}`)
  }
  return faults
}

function perSecond(count: number, { elapsedMs }: OverloadResult): number {
  return (count * 1_000) / elapsedMs
}

function rowOf({
  work,
  capacityPerSecond,
  result,
  mebibytes,
  recoverySeconds,
}: Measured): string[] {
  const { accepted, refused } = result
  const { before, peak, after } = mebibytes
  const ms = (value: number): string => (Number.isFinite(value) ? value.toFixed(0) : '–')
  return [
    work.name,
    capacityPerSecond.toFixed(0),
    perSecond(accepted.count + refused.count, result).toFixed(0),
    perSecond(accepted.count, result).toFixed(0),
    `${ms(accepted.latencyMs.p50)} / ${ms(accepted.latencyMs.p99)}`,
    perSecond(refused.count, result).toFixed(0),
    `${ms(refused.latencyMs.p50)} / ${ms(refused.latencyMs.p99)}`,
    `${before} / ${peak} / ${after}`,
    recoverySeconds.toFixed(1),
  ]
}

const header = [
  'POSTs a second',
  'capacity',
  'answered',
  'accepted',
  'p50 / p99 ms',
  'refused',
  'p50 / p99 ms',
  'MiB before / peak / after',
  's to recover',
]

async function main(durationMs: number): Promise<boolean> {
  const cleanups: (() => Promise<unknown>)[] = []
  const interruption = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => interruption.abort(new Error(`interrupted by ${signal}`)))
  }
  try {
    const backends = await startBackends(cleanups, interruption.signal)
    // Nothing is sent, so what a backlog may be is no limit here.
    const api = await backends.start('api', { QUEUE_DEPTH_MAX: backlogMax })
    const measured: Measured[] = []
    for (const work of works) {
      interruption.signal.throwIfAborted()
      console.log(`${work.name} …`)
      measured.push(await measure(backends, api.pid, work, durationMs))
    }
    printTable(header, measured.map(rowOf))
    const faults = measured.flatMap(({ work, faults }) =>
      faults.map((one) => `${work.name}: ${one}`),
    )
    for (const fault of faults) console.log(`✗ ${fault}`)
    if (faults.length === 0) console.log('✓ every bound held')
    return faults.length === 0
  } finally {
    for (const clean of cleanups.reverse()) await clean()
  }
}

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } })
const seconds = Number(values.seconds)
if (!Number.isInteger(seconds) || seconds < 1) {
  process.stderr.write('usage: npm run overload -- [--seconds 60]\n')
  process.exit(2)
}
process.exit((await main(seconds * 1_000)) ? 0 : 1)
