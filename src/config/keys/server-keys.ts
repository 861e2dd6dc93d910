/** Where this process listens and keeps things, and the servers it uses. */
import { logLevels } from '../../runtime/logger.ts'
import {
  bearerToken,
  choice,
  hostName,
  httpBaseUrl,
  listenAddressText,
  matching,
  serverAddress,
  text,
  wholeNumber,
} from '../parsers.ts'
import { optional, secret, setting, standalone } from '../setting.ts'

const port = wholeNumber(1, 65_535)

/** Stream names appear in commands and metrics. */
const streamName = matching(
  '1 to 200 visible ASCII characters without spaces',
  /^[\x21-\x7e]{1,200}$/,
)

export const servers = {
  appAddress: standalone(
    setting('APP_ADDR', listenAddressText, ':8080', 'Where the API listens.'),
    '127.0.0.1:8080',
  ),
  metricsAddress: standalone(
    setting(
      'METRICS_ADDR',
      listenAddressText,
      ':9100',
      'Where a processor serves /health and /metrics; for a role in several processes, their parent.',
    ),
    '127.0.0.1:9100',
  ),
  operatorAddress: standalone(
    setting('OPERATOR_ADDR', listenAddressText, ':8081', 'Where the mock operator listens.'),
    '127.0.0.1:8081',
  ),
  publicUrl: optional(
    'PUBLIC_URL',
    httpBaseUrl,
    'The address under which providers reach the API with their delivery reports. Unset: http://localhost with the port of APP_ADDR.',
  ),
  adminToken: secret(
    'ADMIN_TOKEN',
    'Authenticates requests to the admin API, as a bearer token. Unset: they are refused.',
    bearerToken,
  ),
  console: setting(
    'CONSOLE',
    choice(['on', 'off']),
    'on',
    'Whether the API serves the console, at /console.',
  ),
  processes: setting(
    'PROCESSES',
    wholeNumber(1, 64),
    '1',
    'Processes of this role on this machine.',
    { unit: 'processes' },
  ),
  dataDir: setting('DATA_DIR', text, './data', 'Where `standalone` keeps its database.'),
  logLevel: standalone(
    setting('LOG_LEVEL', choice(logLevels), 'info', 'The least severe log line that is written.'),
    // What it prints for people to try must not drown in a line for each message.
    'warn',
  ),
}

export const postgres = {
  writeHost: standalone(
    setting(
      'POSTGRES_WRITE_HOST',
      hostName,
      'localhost',
      'The primary. Unset, `standalone` uses its embedded database.',
    ),
    null,
  ),
  writePort: setting('POSTGRES_WRITE_PORT', port, '5432', "The primary's port."),
  readHost: optional('POSTGRES_READ_HOST', hostName, 'A replica for reads. Unset: the primary.'),
  readPort: optional('POSTGRES_READ_PORT', port, "The replica's port. Unset: the primary's."),
  user: setting('POSTGRES_USER', text, 'sms_gateway', 'User name.'),
  password: secret('POSTGRES_PASSWORD', 'Password.'),
  database: setting('POSTGRES_DB', text, 'sms_gateway', 'Database name.'),
  tls: setting(
    'POSTGRES_TLS',
    choice(['disable', 'require', 'verify-full']),
    'disable',
    'Encryption of the connections; `verify-full` also checks the certificate.',
  ),
  poolWriteMax: setting(
    'POSTGRES_POOL_WRITE_MAX',
    wholeNumber(2, 200),
    '8',
    'Connections to the primary, per process.',
    { unit: 'connections' },
  ),
  poolReadMax: setting(
    'POSTGRES_POOL_READ_MAX',
    wholeNumber(1, 200),
    '8',
    'Connections for reads, per process.',
    { unit: 'connections' },
  ),
  readLagMsMax: setting(
    'POSTGRES_READ_LAG_MS_MAX',
    wholeNumber(0, 600_000),
    '1000',
    'A replica further behind than this is not read from.',
    { unit: 'ms' },
  ),
  statementTimeoutMs: setting(
    'POSTGRES_STATEMENT_TIMEOUT_MS',
    wholeNumber(100, 300_000),
    '5000',
    'Time limit of a statement, in the server. Without an answer a second later it fails, and its connections are replaced.',
    { unit: 'ms' },
  ),
}

export const redis = {
  host: standalone(
    setting(
      'REDIS_HOST',
      serverAddress(6_379),
      'localhost:6379',
      'Redis. Unset, `standalone` has its queue inside the process.',
    ),
    null,
  ),
  password: secret('REDIS_PASSWORD', 'Password.'),
  commandTimeoutMs: setting(
    'REDIS_COMMAND_TIMEOUT_MS',
    wholeNumber(100, 60_000),
    '2000',
    'Time limit of a command.',
    { unit: 'ms' },
  ),
  queueName: setting(
    'QUEUE_NAME',
    streamName,
    'sms-queue',
    'Stream of the normal lane; those of its further shares have `:share-1` and so on after it.',
  ),
  queueExpressName: setting(
    'QUEUE_EXPRESS_NAME',
    streamName,
    'sms-queue-express',
    'Stream of the express lane.',
  ),
}
