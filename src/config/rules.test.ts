import { expect, test } from 'bun:test'
import { loadConfig } from './config.ts'
import type { Environment } from './fault.ts'
import { allSettings } from './keys.ts'
import type { Role } from './role.ts'
import { rules } from './rules.ts'

const url = 'http://primary.example/submit'

function blamed(environment: Environment, role: Role = 'processor'): string[] {
  const result = loadConfig(environment, role)
  return result.ok ? [] : result.faults.map(({ name }) => name)
}

/** For each rule: the last values at which it holds, and the first at which it does not. */
const limits: readonly [blamed: string, holds: Environment, fails: Environment, role: Role][] = [
  [
    'PUBLIC_URL',
    { APP_ADDR: '127.0.0.1:0', PUBLIC_URL: 'https://sms.example' },
    { APP_ADDR: '127.0.0.1:0' },
    'processor',
  ],
  ['PROCESSES', { PROCESSES: '1' }, { PROCESSES: '2' }, 'standalone'],
  [
    'OPERATOR_ADDR',
    { APP_ADDR: ':7000', OPERATOR_ADDR: ':7000' },
    { APP_ADDR: ':7000', OPERATOR_ADDR: '127.0.0.1:7000', PROVIDER_PRIMARY_URL: '' },
    'standalone',
  ],
  [
    'QUEUE_EXPRESS_NAME',
    { QUEUE_NAME: 'q', QUEUE_EXPRESS_NAME: 'q:express' },
    { QUEUE_NAME: 'q', QUEUE_EXPRESS_NAME: 'q:share-1' },
    'processor',
  ],
  [
    'PROCESSOR_PERMITS_EXPRESS_RESERVED',
    { PROCESSOR_PERMITS_MAX: '10', PROCESSOR_PERMITS_EXPRESS_RESERVED: '9' },
    { PROCESSOR_PERMITS_MAX: '10', PROCESSOR_PERMITS_EXPRESS_RESERVED: '10' },
    'processor',
  ],
  [
    'RETRY_BACKOFF_BASE_MS',
    { RETRY_BACKOFF_BASE_MS: '5000', RETRY_BACKOFF_MAX_MS: '5000' },
    { RETRY_BACKOFF_BASE_MS: '5001', RETRY_BACKOFF_MAX_MS: '5000' },
    'processor',
  ],
  [
    'WEBHOOK_ENDPOINT_CONCURRENCY_MAX',
    { WEBHOOK_CONCURRENCY_MAX: '11' },
    { WEBHOOK_CONCURRENCY_MAX: '10' },
    'processor',
  ],
  [
    'WEBHOOK_RETENTION_DAYS',
    { WEBHOOK_RETENTION_DAYS: '1', WEBHOOK_RETRY_SCHEDULE_S: '60,71939' },
    { WEBHOOK_RETENTION_DAYS: '1', WEBHOOK_RETRY_SCHEDULE_S: '60,71940' },
    'processor',
  ],
  ['CIRCUIT_OPEN_MS', { CIRCUIT_OPEN_MS: '30000' }, { CIRCUIT_OPEN_MS: '30001' }, 'processor'],
  [
    'CLAIM_LEASE_MS',
    { PROVIDER_PRIMARY_TIMEOUT_MS: '25000' },
    { PROVIDER_PRIMARY_TIMEOUT_MS: '25001' },
    'processor',
  ],
  [
    'QUEUE_RECLAIM_IDLE_MS',
    { QUEUE_RECLAIM_IDLE_MS: '60001' },
    { QUEUE_RECLAIM_IDLE_MS: '60000' },
    'processor',
  ],
  ['SWEEP_GRACE_MS', { SWEEP_GRACE_MS: '7001' }, { SWEEP_GRACE_MS: '7000' }, 'processor'],
  ['RETENTION_DAYS', { RETENTION_DAYS: '13' }, { RETENTION_DAYS: '12' }, 'processor'],
  ['PROVIDER_PRIMARY_URL', {}, { PROVIDER_PRIMARY_URL: '' }, 'processor'],
  [
    'PROVIDER_PRIMARY_WEIGHT',
    { PROVIDER_PRIMARY_WEIGHT: '0', PROVIDER_BACKUP_URL: url },
    { PROVIDER_PRIMARY_WEIGHT: '0' },
    'processor',
  ],
]

test.each(limits)('%s: holds up to its limit', (name, holds, fails, role) => {
  expect(blamed({ PROVIDER_PRIMARY_URL: url, ...holds }, role)).toEqual([])
  expect(blamed({ PROVIDER_PRIMARY_URL: url, ...fails }, role)).toEqual([name])
})

test('every rule is tried above, and is about settings that exist', () => {
  expect(limits.map(([name]) => name).sort()).toEqual(rules.map(({ name }) => name).sort())
  const known = allSettings.map(({ name }) => name)
  for (const { name, others } of rules)
    expect(known).toEqual(expect.arrayContaining([name, ...others]))
})

test('only a processor needs a provider', () => {
  for (const role of ['api', 'operator', 'migrate', 'standalone', 'admin'] as const) {
    expect(blamed({}, role)).toEqual([])
  }
})

test('api and processor may run in several processes', () => {
  const several = { PROVIDER_PRIMARY_URL: url, PROCESSES: '64' }
  for (const role of ['api', 'processor'] as const) expect(blamed(several, role)).toEqual([])
})

test('a fault says what was given', () => {
  const result = loadConfig({ SWEEP_GRACE_MS: '7000' }, 'api')
  expect(result.ok ? [] : result.faults.map(({ detail }) => detail)).toEqual([
    expect.stringContaining('(7000 and 5000)'),
  ])
})
