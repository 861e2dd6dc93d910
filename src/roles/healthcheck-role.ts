/** `sms-gateway healthcheck [url]`: for a container's HEALTHCHECK, where there is no curl. */
import type { Environment } from '../config/config.ts'
import { localApiUrl } from './api-url.ts'
import { say } from './role-context.ts'
import { exitCodes } from './run-until-stopped.ts'

const timeoutMs = 3_000

/** Without an address it asks the API of this machine, at APP_ADDR. */
export async function runHealthcheck(
  environment: Environment,
  address: string | undefined,
): Promise<number> {
  const url = address ?? `${localApiUrl(environment)}/health/ready`
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
    if (response.ok) return exitCodes.ok
    say(`${url} answered ${response.status}`)
  } catch (error) {
    say(`${url} did not answer: ${error instanceof Error ? error.message : String(error)}`)
  }
  return exitCodes.failure
}
