/** Putting load on servers while measuring what they use. */
import { type Load, startLoad } from './load/load.ts'
import type { LoadPlan, LoadResult } from './load/load-plan.ts'
import { startCpuMeter } from './processes.ts'
import type { Servers } from './servers.ts'

export interface MeasuredLoad {
  readonly result: LoadResult
  readonly cpuMicroseconds: Readonly<Record<string, number>>
}

export async function measuredLoad(
  servers: Pick<Servers, 'processes'>,
  plan: LoadPlan,
  messagesPerRequest: number,
  meanwhile: (load: Load) => Promise<void> = async () => undefined,
): Promise<MeasuredLoad> {
  const load = startLoad(plan)
  try {
    const read = startCpuMeter([...servers.processes(), { name: 'load generator', pid: load.pid }])
    await meanwhile(load)
    const result = await load.done
    return { result, cpuMicroseconds: perMessage(read(), result.answered * messagesPerRequest) }
  } finally {
    load.close()
  }
}

export function perMessage(
  seconds: ReadonlyMap<string, number>,
  messages: number,
): Record<string, number> {
  return Object.fromEntries(
    [...seconds].map(([name, used]) => [name, (used * 1_000_000) / messages]),
  )
}
