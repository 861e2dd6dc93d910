/** A message's whole life: POST, commit, queue, claim, submit, settle, delivery report applied. */
import { join } from 'node:path'
import { eventually } from '../../tests/support/eventually.ts'
import type { Environment } from '../../tests/support/gateway.ts'
import { bareStatementsPerSecond } from '../floors/sql-floor.ts'
import { deliveredAt, type MeasuredLife, measuredLife, underWayMax } from '../follow.ts'
import { planOf, runLoad } from '../load/load.ts'
import type { LoadPlan } from '../load/load-plan.ts'
import { lifeFaults, oneBody, onePath, readIds } from '../messages.ts'
import { atLeast, type Bench, failuresOf, type Row } from '../row.ts'
import type { Servers } from '../servers.ts'

const measuredMs = 60_000
const warmUpMs = 5_000
const floorMs = 5_000

export interface Life extends MeasuredLife {
  readonly faults: readonly string[]
}

/** Of one message a POST, at 64 connections, from the API's start on. */
export async function measureLife(
  bench: Bench,
  servers: Servers,
  durationMs: number,
  environment: Environment = {},
  prepare: (apiUrl: string) => Promise<Partial<LoadPlan>> = async () => ({}),
): Promise<Life> {
  await servers.start('operator')
  const api = await servers.start('api', environment)
  const processor = await servers.start('processor', environment)
  const delivered = () => deliveredAt([api.url, processor.url])
  const request = { url: `${servers.apiUrl}${onePath}`, body: oneBody, ...(await prepare(api.url)) }
  const [warmUpIds, ids] = ['warm-up', 'measured'].map((name) =>
    join(bench.directory, `ids-${name}-${crypto.randomUUID()}`),
  ) as [string, string]
  const warmUp = await runLoad(
    planOf({
      ...request,
      durationMs: warmUpMs * bench.scale,
      requestsMax: underWayMax,
      idsPath: warmUpIds,
    }),
  )
  await eventually(async () => (await delivered()) === warmUp.answered, {
    what: 'the first messages are delivered',
  })
  const plan = { ...planOf({ ...request, idsPath: ids }), durationMs: durationMs * bench.scale }
  const life = await measuredLife(servers, plan, {
    delivered,
    deliveredBefore: warmUp.answered,
    signal: bench.signal,
  })
  const all = [...(await readIds(warmUpIds)), ...(await readIds(ids))]
  const faults = await lifeFaults(servers.database, servers.operatorUrl, all, bench.signal)
  return { ...life, faults: [...failuresOf(life.result), ...faults] }
}

export const wholeLife: Row = {
  name: 'whole-life',
  summary: 'whole life for 60 s, one message a POST, 64 connections',
  async run(bench) {
    const servers = await bench.servers()
    const { result, cpuMicroseconds, rate, faults } = await measureLife(bench, servers, measuredMs)
    return {
      figures: [
        { what: 'delivered', unit: 'messages/s', value: rate, target: atLeast(4_000) },
        { what: 'accept p99', unit: 'ms', value: result.latencyMs.p99, target: null },
      ],
      floor: {
        what: 'the bare statements of a life, 500 a statement',
        unit: 'messages/s',
        value: await bareStatementsPerSecond(servers.database, 'whole', floorMs * bench.scale),
        target: null,
      },
      cpuMicroseconds,
      faults,
    }
  },
}
