/**
 * Lifts the runtime's limit on outgoing requests, which is read once, at start: see docs/decisions/0004-outbound-connections.md.
 */

const variable = 'BUN_CONFIG_MAX_HTTP_REQUESTS'
/** Far above what the providers' own limits allow together. */
const requestsMax = '65000'

/** Node's API (22.15), which the runtime has and its types lack. */
interface ReplaceableProcess {
  execve?(file: string, argv: readonly string[], env: Record<string, string | undefined>): never
}

/** Replaces this process by itself with the limit lifted, unless it is already. Returns when it is. */
export function liftOutboundLimit(env: Readonly<Record<string, string | undefined>>): void {
  const { execve } = process as ReplaceableProcess
  if (env[variable] !== undefined || execve === undefined) return
  execve(process.execPath, selfCommand(), { ...env, [variable]: requestsMax })
}

/** The command line that starts this program again: the binary, or the runtime with the source. */
export function selfCommand(): string[] {
  const fromBinary = Bun.main.startsWith('/$bunfs/')
  return [process.execPath, ...process.argv.slice(fromBinary ? 2 : 1)]
}
