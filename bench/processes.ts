/** What processes use, from Linux' /proc. */
import { readdirSync, readFileSync } from 'node:fs'

export interface NamedProcess {
  readonly name: string
  readonly pid: number
}

/** CLK_TCK of every Linux that Bun runs on. */
const ticksPerSecond = 100

/** Fields of /proc/<pid>/stat after the command's name, which may hold spaces; proc(5) counts from 1 and these from 3. */
function statFields(pid: number): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/** User and system time of the process, of children that ended, and of children that run. */
function cpuSeconds(pid: number): number {
  let ticks = 0
  for (const one of [pid, ...childrenOf(pid)]) {
    const fields = statFields(one)
    const own = Number(fields[11]) + Number(fields[12])
    const ended = Number(fields[13]) + Number(fields[14])
    ticks += own + ended
  }
  return ticks / ticksPerSecond
}

export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) * 1_024
}

function childrenOf(pid: number): number[] {
  const children: number[] = []
  for (const name of readdirSync(`/proc/${pid}/task`)) {
    const listed = readFileSync(`/proc/${pid}/task/${name}/children`, 'utf8').trim()
    if (listed !== '') children.push(...listed.split(' ').map(Number))
  }
  return children
}

/** CPU time since now, by name of the process. */
export function startCpuMeter(
  processes: readonly NamedProcess[],
): () => ReadonlyMap<string, number> {
  const before = processes.map(({ pid }) => cpuSeconds(pid))
  return () =>
    new Map(processes.map(({ name, pid }, index) => [name, cpuSeconds(pid) - (before[index] ?? 0)]))
}
