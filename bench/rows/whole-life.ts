/** A message's whole life: POST, commit, queue, claim, submit, settle, delivery report applied. */
import { join } from 'node:path'
import { eventually } from '../../tests/support/eventually.ts'
import { bareStatementsPerSecond } from '../floors/sql-floor.ts'
import { deliveredAt, measuredLife, underWayMax } from '../follow.ts'
import { planOf, runLoad } from '../load/load.ts'
import { lifeFaults, oneBody, onePath, readIds } from '../messages.ts'
import { atLeast, failuresOf, type Row } from '../row.ts'

const measuredMs = 60_000
const warmUpMs = 5_000
const floorMs = 5_000

export const wholeLife: Row = {
  name: 'whole-life',
  summary: 'whole life for 60 s, one message a POST, 64 connections',
  async run(bench) {
    const servers = await bench.servers()
    await servers.start('operator')
    const api = await servers.start('api')
    const processor = await servers.start('processor')
    const delivered = () => deliveredAt([api.url, processor.url])
    const url = `${servers.apiUrl}${onePath}`
    const warmUpIds = join(bench.directory, 'warm-up-ids')
    const ids = join(bench.directory, 'ids')
    const warmUpPlan = planOf({
      url,
      body: oneBody,
      durationMs: warmUpMs * bench.scale,
      requestsMax: underWayMax,
      idsPath: warmUpIds,
    })
    const warmUp = await runLoad(warmUpPlan)
    await eventually(async () => (await delivered()) === warmUp.answered, {
      what: 'the first messages are delivered',
    })
    const durationMs = measuredMs * bench.scale
    const plan = { ...planOf({ url, body: oneBody, idsPath: ids }), durationMs }
    const { result, cpuMicroseconds, rate } = await measuredLife(servers, plan, {
      delivered,
      deliveredBefore: warmUp.answered,
      signal: bench.signal,
    })
    const all = [...(await readIds(warmUpIds)), ...(await readIds(ids))]
    const faults = await lifeFaults(servers.database, servers.operatorUrl, all, bench.signal)
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
      faults: [...failuresOf(result), ...faults],
    }
  },
}
