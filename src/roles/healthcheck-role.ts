/** `sms-gateway healthcheck [url]`: for a container's HEALTHCHECK, where there is no curl. */
import { type Environment, given } from '../config/config.ts'
import { listenAddress } from '../config/parsers.ts'
import { reachableHost } from './http-listener.ts'
import { say } from './role-context.ts'
import { exitCodes } from './run-until-stopped.ts'

const timeoutMs = 3_000

/** Without an address it asks the API of this machine, at APP_ADDR. */
export async function runHealthcheck(
  environment: Environment,
  address: string | undefined,
): Promise<number> {
  const url = address ?? `${apiUrl(environment)}/health/ready`
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
    if (response.ok) return exitCodes.ok
    say(`${url} answered ${response.status}`)
  } catch (error) {
    say(`${url} did not answer: ${error instanceof Error ? error.message : String(error)}`)
  }
  return exitCodes.failure
}

function apiUrl(environment: Environment): string {
  try {
    const { hostname, port } = listenAddress(given(environment, 'APP_ADDR') ?? ':8080')
    return `http://${reachableHost(hostname)}:${port}`
  } catch {
    return 'http://127.0.0.1:8080'
  }
}
