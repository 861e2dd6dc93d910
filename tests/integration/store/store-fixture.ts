/** A database of its own for each test file, migrated, with the store on it. */

import type { ClaimToken } from '../../../src/domain/claim-token.ts'
import type { ClaimedMessage, Lane, NewMessage } from '../../../src/domain/message.ts'
import { applyMigrations } from '../../../src/migrate/migrate.ts'
import { migrations } from '../../../src/migrate/migration-list.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { createDatabase, type Database } from '../../../src/store/database.ts'
import { createMigrationStore } from '../../../src/store/migrations.ts'
import { createReplicaLag } from '../../../src/store/replica-lag.ts'
import type { GivenUpReport, ReportedMessage } from '../../../src/store/report-matching.ts'
import { createStore, type Store } from '../../../src/store/store.ts'

export interface StoreFixture {
  readonly database: Database
  readonly store: Store
  /** Messages that reports have brought to their end. */
  readonly reported: readonly ReportedMessage[]
  /** Parked reports that were given up. */
  readonly givenUp: readonly GivenUpReport[]
  close(): Promise<void>
}

export const validityMs = 3_600_000

function serverSettings() {
  const { TEST_POSTGRES_HOST, TEST_POSTGRES_PORT, TEST_POSTGRES_USER, TEST_POSTGRES_PASSWORD } =
    process.env
  if (TEST_POSTGRES_HOST === undefined || TEST_POSTGRES_PORT === undefined) {
    throw new Error('TEST_POSTGRES_HOST and TEST_POSTGRES_PORT name the test server: run npm test')
  }
  const address = { host: TEST_POSTGRES_HOST, port: Number(TEST_POSTGRES_PORT) }
  return {
    write: address,
    read: address,
    user: TEST_POSTGRES_USER ?? 'postgres',
    password: TEST_POSTGRES_PASSWORD ?? null,
    tls: 'disable' as const,
    poolWriteMax: 4,
    poolReadMax: 2,
    applicationName: 'sms-gateway tests',
    embedded: false,
  }
}

export async function createStoreFixture(statementTimeoutMs = 10_000): Promise<StoreFixture> {
  const settings = { ...serverSettings(), statementTimeoutMs }
  const name = `store_${crypto.randomUUID().replaceAll('-', '')}`
  const admin = createDatabase({ ...settings, database: 'postgres' })
  await admin.write.unsafe(`CREATE DATABASE ${name}`)
  const database = createDatabase({ ...settings, database: name })
  await applyMigrations(createMigrationStore(database.write), migrations, () => undefined)
  const replicaLag = createReplicaLag(database, 1_000, systemClock)
  const reported: ReportedMessage[] = []
  const givenUp: GivenUpReport[] = []
  return {
    database,
    store: createStore({
      database,
      replicaLag,
      onRead: () => undefined,
      onReported: (moved) => reported.push(...moved),
      onGivenUp: (reports) => givenUp.push(...reports),
    }),
    reported,
    givenUp,
    async close() {
      await database.close(1_000)
      await admin.write.unsafe(`DROP DATABASE ${name} WITH (FORCE)`)
      await admin.close(1_000)
    },
  }
}

export function newMessage(lane: Lane = 'normal', timeMs = Date.now()): NewMessage {
  return {
    id: Bun.randomUUIDv7('hex', timeMs),
    customerId: 1,
    lane,
    recipient: '+1234567890',
    senderId: null,
    text: 'hello',
  }
}

/** By which `claimedMessages` claims. */
export const claimToken: ClaimToken = '1'

/** Accepts and claims as many messages, all for provider `a`. */
export async function claimedMessages(store: Store, count: number): Promise<ClaimedMessage[]> {
  const messages = Array.from({ length: count }, () => newMessage())
  await store.insertMessages(messages, validityMs)
  return await store.claimMessages(
    messages.map(({ id }) => ({ id, provider: 'a' })),
    60_000,
    claimToken,
  )
}

export async function statusOf(store: Store, id: string): Promise<string | undefined> {
  return (await store.queries.get(id, null))?.status
}
