/** What the doctor says of Redis. */
import { Redis } from 'ioredis'
import type { Config } from '../../config/config.ts'
import { withoutCommand } from '../../queue/redis/errors.ts'
import { clockFinding, codeOf, type Finding, findingsOf, messageOf } from './finding.ts'

const answerMsMax = 5_000
const oldestVersion = 7

/** None where no Redis is configured: `standalone` has its queue in the process. */
export async function redisFindings({ redis }: Config): Promise<Finding[]> {
  if (redis === null) return []
  const about = findingsOf('Redis')
  const server = `${redis.host}:${redis.port}`
  let connectionError: Error | null = null
  const client = new Redis({
    host: redis.host,
    port: redis.port,
    ...(redis.password === null ? {} : { password: redis.password }),
    connectionName: 'sms-gateway doctor',
    lazyConnect: true,
    protocol: 2,
    connectTimeout: answerMsMax,
    commandTimeout: answerMsMax,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  client.on('error', (error) => {
    connectionError ??= withoutCommand(error)
  })
  try {
    await client.connect()
    const told = await client.info()
    const found = [...infoFindings(server, told)]
    found.push(
      await clockFinding(about, async () => {
        const [seconds, microseconds] = (await client.time()).map(Number) as [number, number]
        return seconds * 1_000 + microseconds / 1_000
      }),
    )
    return found
  } catch (thrown) {
    const error = connectionError ?? withoutCommand(thrown)
    return [about.fault(`${server} cannot be used: ${messageOf(error)}`, connectRemedy(error))]
  } finally {
    client.disconnect()
  }
}

function connectRemedy(error: Error): string {
  if (/^(NOAUTH|WRONGPASS|NOPERM) /.test(error.message)) {
    return 'correct REDIS_PASSWORD: it is the password of the user "default"'
  }
  if (error.message.startsWith('LOADING ')) return 'wait until it has read its data set'
  switch (codeOf(error)) {
    case 'ECONNREFUSED':
      return 'start Redis there, or correct REDIS_HOST (host:port)'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'correct REDIS_HOST: no address is known for that name'
    default:
      return 'look at the way there (address, firewall, TLS, which is not spoken) and into the log of Redis'
  }
}

/** @param told the answer to INFO */
export function infoFindings(server: string, told: string): Finding[] {
  const { ok, warning, fault } = findingsOf('Redis')
  const field = (name: string) => new RegExp(`^${name}:(\\S*)`, 'm').exec(told)?.[1] ?? ''
  const version = field('redis_version')
  const found: Finding[] = []
  if (field('role') === 'slave') {
    found.push(
      fault(`${server} is a replica and takes no writes`, 'point REDIS_HOST at the primary'),
    )
  } else if (Number.parseInt(version, 10) < oldestVersion) {
    found.push(fault(`its version is ${version}`, `use Redis ${oldestVersion} or later`))
  } else found.push(ok(`${server} answers, version ${version}`))
  const policy = field('maxmemory_policy')
  if (policy.startsWith('allkeys-')) {
    found.push(
      fault(
        `maxmemory-policy is ${policy}: it throws the queue away when its memory is full`,
        'set maxmemory-policy noeviction, or use a Redis that is no cache',
      ),
    )
  }
  if (field('aof_enabled') === '0') {
    found.push(
      warning(
        'appendonly is off: a restart empties the queue, and what was in it is sent later, when the sweep has found it',
        'set appendonly yes and appendfsync everysec',
      ),
    )
  }
  return found
}
