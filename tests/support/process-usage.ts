/** What processes take, as Linux tells it in /proc. */
import { readFileSync } from 'node:fs'

/** USER_HZ, which is 100 on every Linux that matters. */
const ticksPerSecond = 100
const sampleIntervalMs = 100

export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}

/** Of all its threads, in user and kernel mode, since it began. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** The share of a core that each process takes over `overMs` from now. */
export async function coreShares(pids: readonly number[], overMs: number): Promise<number[]> {
  const startedAt = performance.now()
  const before = pids.map(cpuSeconds)
  await new Promise((resolve) => setTimeout(resolve, overMs))
  const seconds = (performance.now() - startedAt) / 1000
  return pids.map((pid, index) => (cpuSeconds(pid) - (before[index] ?? 0)) / seconds)
}

/** Notes the most that each process holds, until it is asked, or one of them ends. */
export function watchResident(pids: readonly number[]): { peak(): number[] } {
  const peaks = pids.map(residentBytes)
  const timer = setInterval(() => {
    try {
      for (const [index, pid] of pids.entries()) {
        peaks[index] = Math.max(peaks[index] ?? 0, residentBytes(pid))
      }
    } catch {
      clearInterval(timer)
    }
  }, sampleIntervalMs)
  return {
    peak() {
      clearInterval(timer)
      return peaks
    },
  }
}
