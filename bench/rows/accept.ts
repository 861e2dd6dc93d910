/** Accepting: committed and enqueued, nothing sent. */

import { loadEmptyServer } from '../floors/http-floor.ts'
import { bareStatementsPerSecond } from '../floors/sql-floor.ts'
import { planOf, runLoad } from '../load/load.ts'
import { measuredLoad } from '../measure.ts'
import { batchBody, batchPath, oneBody, onePath, storedFaults } from '../messages.ts'
import { atLeast, atMost, type Bench, failuresOf, type Row } from '../row.ts'

const measuredMs = 15_000
const warmUpMs = 3_000
const floorMs = 5_000
const batchSize = 100
const backlogMax = 100_000_000
const steadyPerSecond = 1_000
const steadyMs = 30_000

export const acceptOne: Row = {
  name: 'accept-one',
  summary: 'accept, one message a POST, 64 connections',
  async run(bench) {
    const { plan, result, cpuMicroseconds, faults } = await accept(bench, {
      path: onePath,
      body: oneBody,
    })
    const floor = await loadEmptyServer({ ...plan, durationMs: floorMs * bench.scale })
    return {
      figures: [
        {
          what: 'accepted',
          unit: 'messages/s',
          value: perSecond(result.answered, result.elapsedMs),
          target: atLeast(12_000),
        },
        { what: 'p99', unit: 'ms', value: result.latencyMs.p99, target: atMost(50) },
      ],
      floor: {
        what: 'the same load on an empty HTTP server',
        unit: 'requests/s',
        value: perSecond(floor.answered, floor.elapsedMs),
        target: null,
      },
      cpuMicroseconds,
      faults,
    }
  },
}

export const acceptBatch: Row = {
  name: 'accept-batch',
  summary: 'accept, 100 messages a POST, 16 connections',
  async run(bench) {
    const { servers, result, cpuMicroseconds, faults } = await accept(bench, {
      path: batchPath,
      body: batchBody(batchSize),
      messagesPerRequest: batchSize,
      connections: 16,
    })
    const floor = await bareStatementsPerSecond(servers.database, 'accept', floorMs * bench.scale)
    return {
      figures: [
        {
          what: 'accepted',
          unit: 'messages/s',
          value: perSecond(result.answered * batchSize, result.elapsedMs),
          target: atLeast(50_000),
        },
        { what: 'p99', unit: 'ms', value: result.latencyMs.p99, target: null },
      ],
      floor: {
        what: 'the bare INSERT, 500 a statement',
        unit: 'messages/s',
        value: floor,
        target: null,
      },
      cpuMicroseconds,
      faults,
    }
  },
}

export const acceptSteady: Row = {
  name: 'accept-steady',
  summary: 'accept at a steady 1,000/s, open loop',
  async run(bench) {
    const { plan, result, cpuMicroseconds, faults } = await accept(bench, {
      path: onePath,
      body: oneBody,
      requestsPerSecond: steadyPerSecond,
      durationMs: steadyMs * bench.scale,
    })
    const floor = await loadEmptyServer({ ...plan, durationMs: floorMs * bench.scale })
    return {
      figures: [
        { what: 'p99', unit: 'ms', value: result.latencyMs.p99, target: atMost(10) },
        { what: 'p50', unit: 'ms', value: result.latencyMs.p50, target: null },
        {
          what: 'accepted',
          unit: 'messages/s',
          value: perSecond(result.answered, result.elapsedMs),
          target: atLeast(steadyPerSecond * 0.99),
        },
      ],
      floor: {
        what: 'p99 of an empty HTTP server at that rate',
        unit: 'ms',
        value: floor.latencyMs.p99,
        target: null,
      },
      cpuMicroseconds,
      faults,
    }
  },
}

interface AcceptLoad {
  readonly path: string
  readonly body: string
  readonly messagesPerRequest?: number
  readonly connections?: number
  readonly requestsPerSecond?: number
  readonly durationMs?: number
}

/** Loads an API alone, after a warm-up, and checks that what it took is stored. */
async function accept(bench: Bench, load: AcceptLoad) {
  const { path, messagesPerRequest = 1, ...rest } = load
  const servers = await bench.servers()
  // Nothing is sent, so what a backlog may be is no limit here.
  await servers.start('api', { QUEUE_DEPTH_MAX: String(backlogMax) })
  const url = `${servers.apiUrl}${path}`
  const plan = planOf({ url, durationMs: measuredMs * bench.scale, ...rest })
  const warmUp = await runLoad({ ...plan, durationMs: warmUpMs * bench.scale })
  const measured = await measuredLoad(servers, plan, messagesPerRequest)
  const accepted = (warmUp.answered + measured.result.answered) * messagesPerRequest
  const stored = await storedFaults(servers.database, accepted)
  return { ...measured, servers, plan, faults: [...failuresOf(measured.result), ...stored] }
}

function perSecond(count: number, elapsedMs: number): number {
  return (count * 1_000) / elapsedMs
}
