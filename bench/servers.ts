/** Servers of one row of the benchmark: new ones for each, so that no row inherits tables, caches or a backlog. */
import { type Backends, startBackends } from '../loadtest/private-servers.ts'
import {
  type Environment,
  type LongRunningRole,
  type RunningRole,
  startRole,
} from '../tests/support/gateway.ts'
import type { NamedProcess } from './processes.ts'

export interface Servers extends Backends {
  /** Starts a role of the compiled binary. */
  start(role: LongRunningRole, extra?: Environment): Promise<RunningRole>
  /** All that run, for measuring. */
  processes(): readonly NamedProcess[]
  /** What the roles have logged: warnings and worse. */
  logs(): string
}

/** What has to be undone is pushed to `cleanups`. */
export async function startServers(
  cleanups: (() => Promise<unknown>)[],
  signal: AbortSignal,
): Promise<Servers> {
  const backends = await startBackends(cleanups, signal)
  const { postgres, redis, environment } = backends
  const roles: { readonly name: string; readonly role: RunningRole }[] = []
  return {
    ...backends,
    async start(name, extra = {}) {
      signal.throwIfAborted()
      const role = await startRole(name, { ...environment, ...extra })
      cleanups.push(() => role.stop())
      roles.push({ name, role })
      return role
    },
    processes: () => [
      ...roles.map(({ name, role }) => ({ name, pid: role.pid })),
      ...named('PostgreSQL', postgres.pid()),
      ...named('Redis', redis.pid()),
    ],
    logs: () => roles.map(({ role }) => role.logs()).join(''),
  }
}

function named(name: string, pid: number | null): NamedProcess[] {
  return pid === null ? [] : [{ name, pid }]
}
