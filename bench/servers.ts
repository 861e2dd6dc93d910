/** Servers of one row of the benchmark: new ones for each, so that no row inherits tables, caches or a backlog. */
import { type Backends, startBackends } from '../loadtest/private-servers.ts'
import type { NamedProcess } from './processes.ts'

export interface Servers extends Backends {
  /** All that run, for measuring. */
  processes(): readonly NamedProcess[]
}

/** What has to be undone is pushed to `cleanups`. */
export async function startServers(
  cleanups: (() => Promise<unknown>)[],
  signal: AbortSignal,
): Promise<Servers> {
  const backends = await startBackends(cleanups, signal)
  const { postgres, redis } = backends
  const roles: NamedProcess[] = []
  return {
    ...backends,
    async start(name, extra) {
      const role = await backends.start(name, extra)
      roles.push({ name, pid: role.pid })
      return role
    },
    processes: () => [
      ...roles,
      ...named('PostgreSQL', postgres.pid()),
      ...named('Redis', redis.pid()),
    ],
  }
}

function named(name: string, pid: number | null): NamedProcess[] {
  return pid === null ? [] : [{ name, pid }]
}
