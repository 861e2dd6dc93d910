/** What the doctor says of this machine: addresses to listen at, and files that may be open. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Config, Role } from '../../config/config.ts'
import { reachableHost } from '../http-listener.ts'
import { codeOf, type Finding, findingsOf, messageOf } from './finding.ts'

const askMsMax = 2_000
/** Each connection of a client, to a provider and to a server is one. */
const openFilesMin = 4_096

export function openFilesFinding(
  limits: string = readFileSync('/proc/self/limits', 'utf8'),
): Finding {
  const { ok, warning } = findingsOf('open files')
  const soft = /^Max open files +(\S+)/m.exec(limits)?.[1] ?? 'unlimited'
  if (soft === 'unlimited' || Number(soft) >= openFilesMin) return ok(`${soft} may be open at once`)
  return warning(
    `only ${soft} may be open at once`,
    `allow ${openFilesMin} or more: LimitNOFILE= of the unit, or ulimit -n`,
  )
}

/** The addresses that a role listens at. */
export async function addressFindings(config: Config, role: Role): Promise<Finding[]> {
  const addresses = {
    APP_ADDR: role === 'api' || role === 'standalone' ? config.appAddress : null,
    METRICS_ADDR: role === 'processor' ? config.metricsAddress : null,
    OPERATOR_ADDR: role === 'operator' ? config.operatorAddress : null,
  }
  const found = Object.entries(addresses).map(([name, address]) =>
    address === null ? null : addressFinding(name, address),
  )
  return (await Promise.all(found)).filter((finding) => finding !== null)
}

async function addressFinding(
  name: string,
  { hostname, port }: Config['appAddress'],
): Promise<Finding> {
  const { ok, fault } = findingsOf(name)
  const where = `${hostname}:${port}`
  try {
    await listenOnce(hostname, port)
    return ok(`${where} is free`)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EADDRINUSE' && (await isGateway(`http://${reachableHost(hostname)}:${port}`))) {
      return ok(`a gateway runs at ${where}`)
    }
    const remedy =
      code === 'EADDRINUSE'
        ? `stop what listens there (ss -ltnp 'sport = :${port}'), or set ${name} to another port`
        : code === 'EACCES'
          ? `set ${name} to a port above 1023, or give the service CAP_NET_BIND_SERVICE`
          : `set ${name} to an address of this machine`
    return fault(`${where} cannot be listened at: ${messageOf(error)}`, remedy)
  }
}

function listenOnce(host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const server = createServer()
  server.once('error', reject)
  server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()))
  return promise
}

async function isGateway(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(askMsMax) })
    return (await response.text()).includes('\nsms_build_info{')
  } catch {
    return false
  }
}
