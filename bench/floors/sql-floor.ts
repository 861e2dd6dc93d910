/** What the statements of a message's life cost by themselves: full batches, nothing between them. */
import type { MessageId, NewMessage } from '../../src/domain/message.ts'
import { createDatabase, type Database } from '../../src/store/database.ts'
import { claimMessages } from '../../src/store/message-claims.ts'
import { insertMessages } from '../../src/store/message-inserts.ts'
import { applyReports } from '../../src/store/report-matching.ts'
import { settleSent } from '../../src/store/settlements.ts'
import type { TestDatabase } from '../../tests/support/test-database.ts'

export const batchSize = 500
export const connections = 3
const provider = 'primary'
const validityMs = 86_400_000

export type Life = 'accept' | 'whole'

/** Messages a second through the statements of accepting only, or of the whole life. */
export async function bareStatementsPerSecond(
  server: TestDatabase,
  life: Life,
  durationMs: number,
): Promise<number> {
  const database = connectTo(server)
  try {
    const startedMs = performance.now()
    let messages = 0
    const work = async (): Promise<void> => {
      while (performance.now() - startedMs < durationMs) {
        await liveThrough(database, life)
        messages += batchSize
      }
    }
    await Promise.all(Array.from({ length: connections }, work))
    return (messages * 1_000) / (performance.now() - startedMs)
  } finally {
    await database.close(1_000)
  }
}

/** One batch through the statements. */
export async function liveThrough({ write }: Database, life: Life): Promise<void> {
  const messages = Array.from({ length: batchSize }, newMessage)
  await insertMessages(write, messages, validityMs)
  if (life === 'accept') return
  const wanted = messages.map(({ id }) => ({ id, provider }))
  const claimed = await claimMessages(write, wanted, validityMs)
  const sent = claimed.map(({ id, claimToken }) => ({
    id,
    claimToken,
    provider,
    providerMessageId: id,
    failures: [],
  }))
  await settleSent(write, sent, validityMs)
  const nowMs = Date.now()
  const reports = messages.map(({ id }) => ({
    provider,
    providerMessageId: id,
    status: 'delivered' as const,
    errorCode: null,
    occurredAtMs: nowMs,
  }))
  await applyReports(write, reports, validityMs, nowMs)
}

function newMessage(): NewMessage {
  const id: MessageId = Bun.randomUUIDv7()
  return {
    id,
    customerId: 1,
    lane: 'normal',
    recipient: '+999000000000',
    senderId: null,
    text: 'A message of the benchmark',
  }
}

export function connectTo({ environment }: TestDatabase): Database {
  const address = {
    host: environment.POSTGRES_WRITE_HOST ?? '',
    port: Number(environment.POSTGRES_WRITE_PORT),
  }
  return createDatabase({
    write: address,
    read: address,
    user: environment.POSTGRES_USER ?? '',
    password: environment.POSTGRES_PASSWORD ?? '',
    database: environment.POSTGRES_DB ?? '',
    tls: 'disable',
    poolWriteMax: connections,
    poolReadMax: 1,
    statementTimeoutMs: 60_000,
    applicationName: 'bench',
    embedded: false,
  })
}
