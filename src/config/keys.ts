/**
 * Every setting: its environment variable, what it takes, its default, what it is for. `docs/configuration.md` and
 * `.env.example` are generated from this table.
 */
import { inDoubtPolicies } from '../domain/submit-outcome.ts'
import { logLevels } from '../runtime/logger.ts'
import {
  choice,
  decimal,
  httpUrl,
  listenAddress,
  type Parser,
  serverAddress,
  text,
  wholeNumber,
} from './parsers.ts'

export interface Setting<T> {
  readonly name: string
  readonly parse: Parser<T>
  /** Null: unset unless given. */
  readonly default: string | null
  readonly description: string
  readonly secret: boolean
}

export interface SettingGroup {
  readonly title: string
  readonly settings: readonly Setting<unknown>[]
}

function setting<T>(name: string, parse: Parser<T>, fallback: string, description: string) {
  return { name, parse, default: fallback, description, secret: false } satisfies Setting<T>
}

/** Unset unless given. */
function optional<T>(name: string, parse: Parser<T>, description: string) {
  return { name, parse, default: null, description, secret: false } satisfies Setting<T>
}

function secret(name: string, description: string) {
  return { name, parse: text, default: null, description, secret: true } satisfies Setting<string>
}

const port = wholeNumber(1, 65_535)
const dayMs = 86_400_000

export const servers = {
  appAddress: setting(
    'APP_ADDR',
    listenAddress,
    ':8080',
    'Where the API listens. `standalone` listens on 127.0.0.1:8080 unless set.',
  ),
  metricsAddress: setting(
    'METRICS_ADDR',
    listenAddress,
    ':9100',
    'Where a processor serves /health and /metrics; for an API with several processes, its parent.',
  ),
  operatorAddress: setting(
    'OPERATOR_ADDR',
    listenAddress,
    ':8081',
    'Where the mock operator listens. `standalone` listens on 127.0.0.1:8081 unless set.',
  ),
  publicUrl: optional(
    'PUBLIC_URL',
    httpUrl,
    'The address under which providers reach the API with their delivery reports. Unset: http://localhost with the port of APP_ADDR.',
  ),
  processes: setting(
    'PROCESSES',
    wholeNumber(1, 64),
    '1',
    'Processes of this role on this machine.',
  ),
  dataDir: setting('DATA_DIR', text, './data', 'Where `standalone` keeps its database.'),
  logLevel: setting(
    'LOG_LEVEL',
    choice(logLevels),
    'info',
    'The least severe log line that is written. Unset, `standalone` writes from warn on.',
  ),
}

export const postgres = {
  writeHost: optional(
    'POSTGRES_WRITE_HOST',
    text,
    'The primary. Unset: localhost; for `standalone`, the embedded database.',
  ),
  writePort: setting('POSTGRES_WRITE_PORT', port, '5432', "The primary's port."),
  readHost: optional('POSTGRES_READ_HOST', text, 'A replica for reads. Unset: the primary.'),
  readPort: optional('POSTGRES_READ_PORT', port, "The replica's port. Unset: the primary's."),
  user: setting('POSTGRES_USER', text, 'sms_gateway', 'User name.'),
  password: secret('POSTGRES_PASSWORD', 'Password.'),
  database: setting('POSTGRES_DB', text, 'sms_gateway', 'Database name.'),
  tls: setting(
    'POSTGRES_TLS',
    choice(['disable', 'require', 'verify-full'] as const),
    'disable',
    'Encryption of the connections; `verify-full` also checks the certificate.',
  ),
  poolWriteMax: setting(
    'POSTGRES_POOL_WRITE_MAX',
    wholeNumber(2, 200),
    '8',
    'Connections to the primary, per process.',
  ),
  poolReadMax: setting(
    'POSTGRES_POOL_READ_MAX',
    wholeNumber(1, 200),
    '8',
    'Connections for reads, per process.',
  ),
  readLagMsMax: setting(
    'POSTGRES_READ_LAG_MS_MAX',
    wholeNumber(0, 600_000),
    '1000',
    'A replica further behind than this is not read from.',
  ),
  statementTimeoutMs: setting(
    'POSTGRES_STATEMENT_TIMEOUT_MS',
    wholeNumber(100, 300_000),
    '5000',
    'Time limit of a statement.',
  ),
}

export const redis = {
  host: optional(
    'REDIS_HOST',
    serverAddress(6_379),
    'Redis, as host or host:port. Unset: localhost:6379; for `standalone`, a queue inside the process.',
  ),
  password: secret('REDIS_PASSWORD', 'Password.'),
  commandTimeoutMs: setting(
    'REDIS_COMMAND_TIMEOUT_MS',
    wholeNumber(100, 60_000),
    '2000',
    'Time limit of a command.',
  ),
  queueName: setting('QUEUE_NAME', text, 'sms-queue', 'Stream of the normal lane.'),
  queueExpressName: setting(
    'QUEUE_EXPRESS_NAME',
    text,
    'sms-queue-express',
    'Stream of the express lane.',
  ),
}

export const accept = {
  queueDepthMax: setting(
    'QUEUE_DEPTH_MAX',
    wholeNumber(1, 1_000_000_000),
    '2000000',
    'With more than this waiting in a lane, the API answers 503 for it.',
  ),
  acceptInFlightMax: setting(
    'ACCEPT_IN_FLIGHT_MAX',
    wholeNumber(1, 1_000_000),
    '20000',
    'Messages being accepted at once, per process; more are answered 503.',
  ),
  messageValidityMs: setting(
    'MESSAGE_VALIDITY_MS',
    wholeNumber(1_000, 30 * dayMs),
    String(2 * dayMs),
    'A message not sent within this time expires.',
  ),
  senderIdDefault: optional('SENDER_ID_DEFAULT', text, 'Sender id of messages that name none.'),
}

export const processing = {
  permitsMax: setting(
    'PROCESSOR_PERMITS_MAX',
    wholeNumber(1, 100_000),
    '500',
    'Messages under way at once, per process.',
  ),
  permitsExpressReserved: setting(
    'PROCESSOR_PERMITS_EXPRESS_RESERVED',
    wholeNumber(0, 100_000),
    '50',
    'Of these, kept for express messages.',
  ),
  retryAttemptsMax: setting(
    'RETRY_ATTEMPTS_MAX',
    wholeNumber(1, 1_000),
    '10',
    'After this many attempts a message is a dead letter.',
  ),
  retryBackoffBaseMs: setting(
    'RETRY_BACKOFF_BASE_MS',
    wholeNumber(1, 3_600_000),
    '1000',
    'Limit of the first wait before another attempt; doubles with each.',
  ),
  retryBackoffMsMax: setting(
    'RETRY_BACKOFF_MAX_MS',
    wholeNumber(1, dayMs),
    '600000',
    'Limit of every wait.',
  ),
  reportTimeoutMs: setting(
    'REPORT_TIMEOUT_MS',
    wholeNumber(1_000, 30 * dayMs),
    String(3 * dayMs),
    'A sent message without a final report becomes unknown after this time.',
  ),
  claimLeaseMs: setting(
    'CLAIM_LEASE_MS',
    wholeNumber(1_000, 3_600_000),
    '60000',
    'A claim without a settlement for this long counts as lost.',
  ),
  sweepGraceMs: setting(
    'SWEEP_GRACE_MS',
    wholeNumber(100, 3_600_000),
    '20000',
    'Messages younger than this are not looked at by the sweep.',
  ),
  sweepIntervalMs: setting(
    'SWEEP_INTERVAL_MS',
    wholeNumber(10, 600_000),
    '1000',
    'Time between two sweeps.',
  ),
  promoteIntervalMs: setting(
    'PROMOTE_INTERVAL_MS',
    wholeNumber(10, 60_000),
    '250',
    'Time between two looks for messages that are due.',
  ),
  reclaimIdleMs: setting(
    'QUEUE_RECLAIM_IDLE_MS',
    wholeNumber(100, 7_200_000),
    '70000',
    'Queue entries held this long without an acknowledgement are taken over.',
  ),
  retentionDays: setting(
    'RETENTION_DAYS',
    wholeNumber(1, 3_650),
    '30',
    'Messages older than this are dropped, a day at a time.',
  ),
  partitionsAheadDays: setting(
    'PARTITIONS_AHEAD_DAYS',
    wholeNumber(1, 30),
    '3',
    'Partitions are made this many days ahead.',
  ),
  drainDelayMs: setting(
    'DRAIN_DELAY_MS',
    wholeNumber(0, 120_000),
    '0',
    'When stopping: time between "not ready" and closing, for a load balancer to notice.',
  ),
  stopGraceMs: setting(
    'STOP_GRACE_MS',
    wholeNumber(0, 600_000),
    '25000',
    'When stopping: time for what is under way to end.',
  ),
  startTimeoutMs: setting(
    'START_TIMEOUT_MS',
    wholeNumber(0, 3_600_000),
    '30000',
    'At start: how long to wait for PostgreSQL and Redis.',
  ),
}

export const circuit = {
  windowMs: setting(
    'CIRCUIT_WINDOW_MS',
    wholeNumber(100, 3_600_000),
    '10000',
    'Outcomes this old are forgotten.',
  ),
  failureRatio: setting(
    'CIRCUIT_FAILURE_RATIO',
    decimal(0.01, 1),
    '0.5',
    'This share of failures in the window opens the circuit.',
  ),
  samplesMin: setting(
    'CIRCUIT_SAMPLES_MIN',
    wholeNumber(1, 100_000),
    '20',
    'Fewer outcomes than this never open it; as many failures in a row do.',
  ),
  openMs: setting(
    'CIRCUIT_OPEN_MS',
    wholeNumber(10, 3_600_000),
    '1000',
    'Time until the first probe; doubles with each failed one.',
  ),
  openMsMax: setting(
    'CIRCUIT_OPEN_MS_MAX',
    wholeNumber(10, 3_600_000),
    '30000',
    'Limit of that time.',
  ),
}

function provider(prefix: string, label: string, weight: number) {
  return {
    url: optional(
      `${prefix}_URL`,
      httpUrl,
      `Where messages are submitted to the ${label} provider. Unset: there is none.`,
    ),
    weight: setting(
      `${prefix}_WEIGHT`,
      wholeNumber(0, 10_000),
      String(weight),
      'Its share of the traffic, relative to the others.',
    ),
    secret: secret(
      `${prefix}_SECRET`,
      'Authenticates its delivery reports. Unset: they are refused.',
    ),
    inDoubt: setting(
      `${prefix}_IN_DOUBT`,
      choice(inDoubtPolicies),
      'resend',
      'What happens to a message that it may or may not have taken.',
    ),
    timeoutMs: setting(
      `${prefix}_TIMEOUT_MS`,
      wholeNumber(10, 600_000),
      '10000',
      "A submit's time limit.",
    ),
    concurrencyMax: setting(
      `${prefix}_CONCURRENCY_MAX`,
      wholeNumber(1, 10_000),
      '256',
      'Submits under way at once, per process.',
    ),
    ratePerSecondMax: optional(
      `${prefix}_RATE_PER_SECOND_MAX`,
      wholeNumber(1, 1_000_000),
      'Submits a second, per process. Unset: unlimited.',
    ),
  }
}

export const providers = {
  primary: provider('PROVIDER_PRIMARY', 'primary', 100),
  secondary: provider('PROVIDER_SECONDARY', 'secondary', 80),
  backup: provider('PROVIDER_BACKUP', 'backup', 60),
}

export const providersFile = optional(
  'PROVIDERS_FILE',
  text,
  'A TOML file with any number of further providers.',
)

export const groups: readonly SettingGroup[] = [
  { title: 'Addresses and processes', settings: Object.values(servers) },
  { title: 'PostgreSQL', settings: Object.values(postgres) },
  { title: 'Redis and the queue', settings: Object.values(redis) },
  { title: 'Accepting messages', settings: Object.values(accept) },
  { title: 'Processing', settings: Object.values(processing) },
  { title: 'Circuit breaker', settings: Object.values(circuit) },
  {
    title: 'Providers',
    settings: [...Object.values(providers).flatMap((keys) => Object.values(keys)), providersFile],
  },
]

export const allSettings: readonly Setting<unknown>[] = groups.flatMap((group) => group.settings)
