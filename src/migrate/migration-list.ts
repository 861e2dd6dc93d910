/**
 * The migrations in this build, in order. Listed by hand and embedded as text, so that a build has exactly those it was
 * made with; a test compares the list with the folder.
 */
import messages from '../../migrations/0001_messages.sql' with { type: 'text' }
import claimToken from '../../migrations/0002_claim_token.sql' with { type: 'text' }
import deadLetters from '../../migrations/0003_dead_letters.sql' with { type: 'text' }
import providerControls from '../../migrations/0004_provider_controls.sql' with { type: 'text' }
import customers from '../../migrations/0005_customers.sql' with { type: 'text' }
import idempotency from '../../migrations/0006_idempotency.sql' with { type: 'text' }
import customerSettings from '../../migrations/0007_customer_settings.sql' with { type: 'text' }
import money from '../../migrations/0008_money.sql' with { type: 'text' }
import dueByLane from '../../migrations/0009_due_by_lane.sql' with { type: 'text' }
import webhooks from '../../migrations/0010_webhooks.sql' with { type: 'text' }
import inbound from '../../migrations/0011_inbound.sql' with { type: 'text' }
import privacy from '../../migrations/0012_privacy.sql' with { type: 'text' }
import failedWebhooks from '../../migrations/0013_failed_webhooks.sql' with { type: 'text' }
import inboundOfSender from '../../migrations/0014_inbound_of_sender.sql' with { type: 'text' }
import consoleTables from '../../migrations/0015_console.sql' with { type: 'text' }
import tracing from '../../migrations/0016_tracing.sql' with { type: 'text' }

export interface Migration {
  readonly version: number
  readonly name: string
  readonly sql: string
  /** SHA-256 of the text, to notice an applied migration that was changed later. */
  readonly checksum: string
}

const sources: readonly (readonly [version: number, name: string, sql: string])[] = [
  [1, 'messages', messages],
  [2, 'claim_token', claimToken],
  [3, 'dead_letters', deadLetters],
  [4, 'provider_controls', providerControls],
  [5, 'customers', customers],
  [6, 'idempotency', idempotency],
  [7, 'customer_settings', customerSettings],
  [8, 'money', money],
  [9, 'due_by_lane', dueByLane],
  [10, 'webhooks', webhooks],
  [11, 'inbound', inbound],
  [12, 'privacy', privacy],
  [13, 'failed_webhooks', failedWebhooks],
  [14, 'inbound_of_sender', inboundOfSender],
  [15, 'console', consoleTables],
  [16, 'tracing', tracing],
]

export const migrations: readonly Migration[] = sources.map(([version, name, sql]) => ({
  version,
  name,
  sql,
  checksum: new Bun.CryptoHasher('sha256').update(sql).digest('hex'),
}))
