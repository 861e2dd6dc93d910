/** The address of the API on this machine, for commands that ask it. */
import { type Environment, given } from '../config/config.ts'
import { listenAddress } from '../config/parsers.ts'
import { reachableHost } from './http-listener.ts'

/** By APP_ADDR; one that is faulty is said by the roles. */
export function localApiUrl(environment: Environment): string {
  try {
    const { hostname, port } = listenAddress(given(environment, 'APP_ADDR') ?? ':8080')
    return `http://${reachableHost(hostname)}:${port}`
  } catch {
    return 'http://127.0.0.1:8080'
  }
}
