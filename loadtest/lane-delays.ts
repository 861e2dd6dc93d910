/** From acceptance to arrival at the operator, by lane. Both times must come from one clock: private servers only. */
import { delaysMs } from './operator-evidence.ts'
import { percentile } from './percentile.ts'
import { printTable } from './table.ts'

/** Prints a table. Answers what did not hold. */
export async function checkLaneDelays(
  lanes: ReadonlyMap<string, string>,
  operatorUrl: string,
  expressP99MsMax: number | undefined,
  signal: AbortSignal,
): Promise<string[]> {
  const ofMessages = await delaysMs(operatorUrl, [...lanes.keys()], signal)
  const delays = new Map<string, number[]>()
  for (const [index, lane] of [...lanes.values()].entries()) {
    const delayMs = ofMessages[index]
    if (delayMs === undefined || delayMs === Number.POSITIVE_INFINITY) continue
    const ofLane = delays.get(lane) ?? []
    ofLane.push(delayMs)
    delays.set(lane, ofLane)
  }
  const rows: string[][] = []
  for (const [lane, ofLane] of delays) {
    ofLane.sort((a, b) => a - b)
    const shown = [0.5, 0.99, 1].map((share) => percentile(ofLane, share).toFixed(0))
    rows.push([lane, String(ofLane.length), ...shown])
  }
  const header = ['accepted → operator', 'messages', 'p50 ms', 'p99 ms', 'max ms']
  printTable(header, rows)
  if (expressP99MsMax === undefined) return []
  const expressP99Ms = percentile(delays.get('express') ?? [], 0.99)
  if (expressP99Ms < expressP99MsMax) return []
  return [`express took ${expressP99Ms.toFixed(0)} ms at p99; the limit is ${expressP99MsMax} ms`]
}
