/** PostgreSQL as one process reaches it: the product's own statements behind a network that fails. */

import type { Sql } from 'postgres'
import { endAbandonedSessions } from '../../src/store/abandoned-sessions.ts'
import { claimMessages, reassignMessages } from '../../src/store/message-claims.ts'
import { insertMessages } from '../../src/store/message-inserts.ts'
import { promoteDue, sweepLane } from '../../src/store/recovery.ts'
import { applyReports, checkParkedReports } from '../../src/store/report-matching.ts'
import { settleSent, settleUnsent } from '../../src/store/settlements.ts'
import type { Store } from '../../src/store/store.ts'
import type { Invariants } from './invariants.ts'
import type { SimulatedDatabase } from './simulated-database.ts'
import { call, type SimulatedProcess, type SimulatedServer } from './simulated-network.ts'
import { profilesOf, type SimulatedRoutes } from './simulated-routes.ts'
import type { VirtualTime } from './virtual-time.ts'

/** A defect put back in on purpose, to see that the simulation finds it. */
export const mutants = [
  'acknowledge before settle',
  'sweep without grace',
  'report moves a final state',
] as const
export type Mutant = (typeof mutants)[number]

export interface DatabaseServer extends SimulatedServer {
  /** Of the INSERTs, the share whose COMMIT stalls, and for how long at most. */
  stalls: number
}

export interface ServerOptions {
  readonly time: VirtualTime
  readonly database: SimulatedDatabase
  readonly invariants: Invariants
  readonly server: DatabaseServer
  readonly mutant: Mutant | null
  readonly log: (line: string) => void
  /** Reports parked so far: while there is none, nobody needs to look. */
  readonly parked: { any: boolean }
  readonly routes: SimulatedRoutes
}

const stallMsMax = 30_000

const idsOf = (items: readonly { readonly id: string }[]): string =>
  items.map(({ id }) => id).join(' ')

function databaseError(code: string): Error {
  return Object.assign(new Error(code), { code })
}

/** The store of one process. */
export function storeFor(process: SimulatedProcess, options: ServerOptions): Store {
  const { time, database, invariants, server, mutant } = options

  /** Runs now, on the server; what it did is checked before anybody hears of it. */
  async function execute<T>(statement: (sql: Sql) => Promise<T>, nowMs = time.clock.now()) {
    return await time.really(async () => {
      const result = await database.at(nowMs, statement)
      await invariants.check()
      return result
    })
  }

  function run<T>(what: string, statement: () => Promise<T> | T): Promise<T> {
    return call(
      time,
      process,
      {
        server,
        what,
        run: statement,
        refusal: () => databaseError('ECONNREFUSED'),
        breakOff: () => databaseError('CONNECTION_CLOSED'),
      },
      options.log,
    )
  }

  /** A COMMIT has no time limit: the row's `now()` is when the statement began, and it is seen when the COMMIT is through. */
  async function insert(statement: (sql: Sql) => Promise<void>): Promise<void> {
    if (time.random() >= server.stalls) return await execute(statement)
    const beganMs = time.clock.now()
    const commit = await time.really(() => database.insertAndWait(beganMs, statement))
    await new Promise<void>((resolve) => time.after(time.random() * stallMsMax, resolve))
    await time.really(async () => {
      await commit()
      await invariants.check()
    })
  }

  const never = (): never => {
    throw new Error('the simulation does not ask for that')
  }
  return {
    insertMessages: (messages, validityMs) =>
      run(`insertMessages ${idsOf(messages)}`, () =>
        insert((sql) => insertMessages(sql, messages, validityMs)),
      ),
    async claimMessages(requests, leaseMs, token) {
      const claimed = await run(`claimMessages ${idsOf(requests)}`, () =>
        execute(async (sql) => {
          const answer = await claimMessages(sql, requests, leaseMs, token)
          for (const { id } of answer) invariants.claimedBy(process, id)
          return answer
        }),
      )
      for (const { id } of claimed) invariants.claimed(process, id)
      return claimed
    },
    async reassignMessages(moves, leaseMs) {
      const ours = await run(`reassignMessages ${idsOf(moves)}`, () =>
        execute((sql) => reassignMessages(sql, moves, leaseMs)),
      )
      // The others are somebody else's now: there is nothing to record.
      for (const move of moves) if (!ours.has(move)) invariants.settled(process, move.id)
      return ours
    },
    settleSent: (settlements, reportTimeoutMs) =>
      run(`settleSent ${idsOf(settlements)}`, async () => {
        const settled = await execute((sql) => settleSent(sql, settlements, reportTimeoutMs))
        for (const { id } of settlements) invariants.settled(process, id)
        return settled
      }),
    settleUnsent: (settlements) =>
      run(`settleUnsent ${idsOf(settlements)}`, async () => {
        const settled = await execute((sql) => settleUnsent(sql, settlements))
        for (const { id } of settlements) invariants.settled(process, id)
        return settled
      }),
    applyReports: (reports, windowMs, nowMs) =>
      run('applyReports', async () => {
        const applied = await execute(async (sql) => {
          const result = await applyReports(sql, reports, windowMs, nowMs)
          if (mutant === 'report moves a final state') {
            for (const { status, providerMessageId } of reports) {
              if (status === 'accepted') continue
              await sql`UPDATE messages SET status = ${status}, due_at = NULL
                        WHERE provider_message_id = ${providerMessageId}`
            }
          }
          return result
        })
        if (applied.parked > 0) options.parked.any = true
        return applied
      }),
    checkParkedReports: (...rest) =>
      run('checkParkedReports', async () => {
        if (!options.parked.any)
          return { matched: 0, parked: 0, moved: [], traced: [], givenUp: [] }
        const applied = await execute((sql) => checkParkedReports(sql, ...rest))
        if (applied.matched === 0 && applied.parked === 0) {
          const left = await time.really(() => database.sql`SELECT FROM parked_reports LIMIT 1`)
          options.parked.any = left.length > 0
        }
        return applied
      }),
    sweepLane: (lane, sweep) =>
      run('sweepLane', () =>
        execute(async (sql) => {
          if (mutant !== 'sweep without grace') return await sweepLane(sql, lane, sweep)
          // Nor with regard for what is on its way into the table.
          await sql`TRUNCATE simulated.pg_stat_activity`
          return await sweepLane(sql, lane, { ...sweep, oldestQueuedAgeMs: null, graceMs: 0 })
        }),
      ),
    promoteDue: (lane, promotion) =>
      run('promoteDue', async () => {
        const promoted = await execute((sql) => promoteDue(sql, lane, promotion))
        for (const { id, action } of promoted.promotions) options.log(`promoted ${id}: ${action}`)
        return promoted
      }),
    measureDeadLetters: () => run('measureDeadLetters', () => ({ count: 0, oldestAgeMs: 0 })),
    measureParkedReports: () => run('measureParkedReports', () => ({ count: 0, oldestAgeMs: 0 })),
    createPartitions: () => run('createPartitions', () => undefined),
    dropPartitions: () => run('dropPartitions', () => ({ dropped: [], failures: [] })),
    listProviderControls: () => run('listProviderControls', () => []),
    hasCustomerRouting: () => run('hasCustomerRouting', () => options.routes.settings.size > 0),
    findCustomerProfiles: (ids) =>
      run('findCustomerProfiles', () => profilesOf(options.routes, ids)),
    ping: () => run('ping', () => undefined),
    queries: { get: never, reports: never, list: never },
    takeInbound: never,
    giveUpParts: never,
    forgetInbound: never,
    listInboundMessages: never,
    getInboundMessage: never,
    listNumberRoutes: never,
    addOptOuts: never,
    removeOptOut: never,
    listOptOuts: never,
    customersWithOptOuts: never,
    findOptedOut: never,
    findWaitingOptedOut: never,
    listDeadLetters: never,
    listParkedReports: never,
    setProviderControl: never,
    setProviderWeight: never,
    openConsoleSession: never,
    findConsoleSession: never,
    endConsoleSession: never,
    purgeDeadLetters: never,
    getDeadLetter: never,
    replayDeadLetters: never,
    expediteLost: never,
    createCustomer: never,
    listCustomers: never,
    setCustomerDisabled: never,
    updateCustomer: never,
    getCustomer: never,
    insertRequests: never,
    setAccount: never,
    enterInLedger: never,
    setPriceList: never,
    getAccount: never,
    listLedger: never,
    auditLedger: never,
    findPriceLists: never,
    findPriceListVersions: never,
    createApiKey: never,
    rotateApiKey: never,
    revokeApiKey: never,
    listApiKeys: never,
    findApiKeys: never,
    cancelMessage: never,
    findKeyed: never,
    removeOldKeys: async () => 0,
    hasApiKeys: never,
    claimWebhooks: never,
    settleWebhooks: never,
    changeWebhook: never,
    createWebhook: never,
    getWebhook: never,
    listWebhooks: never,
    removeWebhook: never,
    rotateWebhookSecret: never,
    setWebhookDisabled: never,
    enqueueWebhookEvents: never,
    listDeliveriesOfMessage: never,
    listWebhookDeliveries: never,
    replayFailedWebhooks: never,
    replayWebhookDelivery: never,
    testWebhook: never,
    disableBacklog: never,
    measureWebhooks: never,
    removeOldWebhooks: never,
    touchApiKeys: never,
    syncRedactionWalks: async () => 0,
    takeRedactionWalks: async () => [],
    takeRedactionWaits: async () => [],
    takeErasure: async () => null,
    forgetErasures: async () => 0,
    forgetAuditLog: async () => 0,
    moveRedactionWalks: never,
    keepRedactionWaits: never,
    dropRedactionWaits: never,
    redactMessages: never,
    getErasure: never,
    eraseInbound: never,
    findMessagesOf: never,
    moveErasure: never,
    listAuditLog: never,
    recorded: never,
    endAbandonedSessions: (waitedMs) =>
      run('endAbandonedSessions', () => execute((sql) => endAbandonedSessions(sql, waitedMs))),
  }
}
