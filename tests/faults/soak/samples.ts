/** What processes hold at a moment: memory, file handles, connections, and how late their event loops are. */
import { readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { residentBytes } from '../../../bench/processes.ts'
import type { RunningRole } from '../../support/gateway.ts'
import { metric, metricSum } from '../../support/gateway-fixture.ts'

export type RoleName = 'api' | 'processor' | 'operator'

export interface RoleSample {
  readonly residentMebibytes: number
  readonly handles: number
  /** Of the handles; TCP all of them, but for a few of the runtime's own. */
  readonly connections: number
  /** 99th percentile since the last sample. */
  readonly loopLagMs: number
}

export interface Sample {
  readonly atSeconds: number
  readonly roles: Readonly<Record<RoleName, RoleSample>>
  /** Entries of both lanes. */
  readonly queueDepth: number
}

export const roleNames: readonly RoleName[] = ['api', 'processor', 'operator']

const mebibyte = 1_048_576
/** Of prom-client; the runtime's histogram starts anew with every scrape. */
const lagMetric = 'nodejs_eventloop_lag_p99_seconds'

export async function takeSample(
  running: Readonly<Record<RoleName, RunningRole>>,
  atSeconds: number,
): Promise<Sample> {
  const [api, processor, operator] = await Promise.all(
    roleNames.map((name) => sampleOf(running[name])),
  )
  if (api === undefined || processor === undefined || operator === undefined) {
    throw new Error('a role was not sampled')
  }
  const queueDepth = await metricSum(running.processor.url, ['sms_queue_depth'])
  return { atSeconds, roles: { api, processor, operator }, queueDepth }
}

async function sampleOf({ pid, url }: RunningRole): Promise<RoleSample> {
  const lagSeconds = await metric(url, lagMetric)
  if (lagSeconds === null) throw new Error(`${url}/metrics has no ${lagMetric}`)
  const handles = readdirSync(`/proc/${pid}/fd`)
  return {
    residentMebibytes: residentBytes(pid) / mebibyte,
    handles: handles.length,
    connections: handles.filter((handle) => isSocket(join(`/proc/${pid}/fd`, handle))).length,
    loopLagMs: lagSeconds * 1_000,
  }
}

function isSocket(handle: string): boolean {
  try {
    return readlinkSync(handle).startsWith('socket:')
  } catch {
    // Closed since the directory was read.
    return false
  }
}
