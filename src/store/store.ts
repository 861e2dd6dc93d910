/**
 * The store as its users see it: use cases take this type as an argument; only `roles/` makes one.
 */
import { endAbandonedSessions } from './abandoned-sessions.ts'
import { auditLedger, enterInLedger, getAccount, listLedger, setAccount } from './accounts.ts'
import {
  createApiKey,
  findApiKeys,
  hasApiKeys,
  listApiKeys,
  revokeApiKey,
  rotateApiKey,
  touchApiKeys,
} from './api-keys.ts'
import { cancelMessage } from './cancellations.ts'
import { endConsoleSession, findConsoleSession, openConsoleSession } from './console-sessions.ts'
import { hasCustomerRouting } from './customer-routing.ts'
import {
  createCustomer,
  findCustomerProfiles,
  getCustomer,
  listCustomers,
  setCustomerDisabled,
  updateCustomer,
} from './customers.ts'
import type { Database } from './database.ts'
import {
  getDeadLetter,
  listDeadLetters,
  measureDeadLetters,
  purgeDeadLetters,
  replayDeadLetters,
} from './dead-letters.ts'
import { findKeyed, removeOldKeys } from './idempotency-keys.ts'
import { forgetInbound, giveUpParts, takeInbound } from './inbound-intake.ts'
import { getInboundMessage, listInboundMessages } from './inbound-messages.ts'
import { claimMessages, reassignMessages } from './message-claims.ts'
import { insertMessages } from './message-inserts.ts'
import { createMessageQueries, type MessageQueries, type ReadTarget } from './message-queries.ts'
import { listNumberRoutes } from './number-routes.ts'
import {
  addOptOuts,
  customersWithOptOuts,
  findOptedOut,
  findWaitingOptedOut,
  listOptOuts,
  removeOptOut,
} from './opt-outs.ts'
import { listParkedReports, measureParkedReports } from './parked-reports.ts'
import { createPartitions, dropPartitions } from './partitions.ts'
import { findPriceLists, findPriceListVersions, setPriceList } from './price-lists.ts'
import { createPrivacyStore, type PrivacyStore } from './privacy-store.ts'
import { listProviderControls, setProviderControl, setProviderWeight } from './provider-controls.ts'
import { expediteLost, promoteDue, sweepLane } from './recovery.ts'
import type { ReplicaLag } from './replica-lag.ts'
import {
  applyReports,
  checkParkedReports,
  type GivenUpReport,
  type ReportedMessage,
  type ReportsApplied,
} from './report-matching.ts'
import { insertRequests } from './request-inserts.ts'
import { settleSent, settleUnsent } from './settlements.ts'
import { claimWebhooks, settleWebhooks } from './webhook-deliveries.ts'
import {
  changeWebhook,
  createWebhook,
  getWebhook,
  listWebhooks,
  removeWebhook,
  rotateWebhookSecret,
  setWebhookDisabled,
} from './webhook-endpoints.ts'
import { enqueueWebhookEvents } from './webhook-events.ts'
import {
  listDeliveriesOfMessage,
  listWebhookDeliveries,
  replayFailedWebhooks,
  replayWebhookDelivery,
  testWebhook,
} from './webhook-history.ts'
import { disableBacklog, measureWebhooks, removeOldWebhooks } from './webhook-upkeep.ts'

type Bound<F> = F extends (sql: infer _, ...rest: infer A) => infer R ? (...rest: A) => R : never

export interface Store extends PrivacyStore {
  readonly queries: MessageQueries
  readonly insertMessages: Bound<typeof insertMessages>
  readonly cancelMessage: Bound<typeof cancelMessage>
  readonly insertRequests: Bound<typeof insertRequests>
  readonly findKeyed: Bound<typeof findKeyed>
  readonly removeOldKeys: Bound<typeof removeOldKeys>
  readonly claimMessages: Bound<typeof claimMessages>
  readonly reassignMessages: Bound<typeof reassignMessages>
  readonly settleSent: Bound<typeof settleSent>
  readonly settleUnsent: Bound<typeof settleUnsent>
  readonly applyReports: Bound<typeof applyReports>
  readonly checkParkedReports: Bound<typeof checkParkedReports>
  readonly sweepLane: Bound<typeof sweepLane>
  readonly promoteDue: Bound<typeof promoteDue>
  readonly expediteLost: Bound<typeof expediteLost>
  readonly endAbandonedSessions: Bound<typeof endAbandonedSessions>
  readonly listDeadLetters: Bound<typeof listDeadLetters>
  readonly getDeadLetter: Bound<typeof getDeadLetter>
  readonly measureDeadLetters: Bound<typeof measureDeadLetters>
  readonly replayDeadLetters: Bound<typeof replayDeadLetters>
  readonly purgeDeadLetters: Bound<typeof purgeDeadLetters>
  readonly listParkedReports: Bound<typeof listParkedReports>
  readonly measureParkedReports: Bound<typeof measureParkedReports>
  readonly listProviderControls: Bound<typeof listProviderControls>
  readonly setProviderControl: Bound<typeof setProviderControl>
  readonly setProviderWeight: Bound<typeof setProviderWeight>
  readonly openConsoleSession: Bound<typeof openConsoleSession>
  readonly findConsoleSession: Bound<typeof findConsoleSession>
  readonly endConsoleSession: Bound<typeof endConsoleSession>
  readonly createCustomer: Bound<typeof createCustomer>
  readonly listCustomers: Bound<typeof listCustomers>
  readonly setCustomerDisabled: Bound<typeof setCustomerDisabled>
  readonly updateCustomer: Bound<typeof updateCustomer>
  readonly getCustomer: Bound<typeof getCustomer>
  readonly findCustomerProfiles: Bound<typeof findCustomerProfiles>
  readonly hasCustomerRouting: Bound<typeof hasCustomerRouting>
  readonly createApiKey: Bound<typeof createApiKey>
  readonly rotateApiKey: Bound<typeof rotateApiKey>
  readonly revokeApiKey: Bound<typeof revokeApiKey>
  readonly listApiKeys: Bound<typeof listApiKeys>
  readonly findApiKeys: Bound<typeof findApiKeys>
  readonly touchApiKeys: Bound<typeof touchApiKeys>
  readonly hasApiKeys: Bound<typeof hasApiKeys>
  readonly setAccount: Bound<typeof setAccount>
  readonly enterInLedger: Bound<typeof enterInLedger>
  readonly setPriceList: Bound<typeof setPriceList>
  readonly getAccount: Bound<typeof getAccount>
  readonly listLedger: Bound<typeof listLedger>
  readonly auditLedger: Bound<typeof auditLedger>
  readonly findPriceLists: Bound<typeof findPriceLists>
  readonly findPriceListVersions: Bound<typeof findPriceListVersions>
  readonly takeInbound: Bound<typeof takeInbound>
  readonly giveUpParts: Bound<typeof giveUpParts>
  readonly forgetInbound: Bound<typeof forgetInbound>
  readonly listInboundMessages: Bound<typeof listInboundMessages>
  readonly getInboundMessage: Bound<typeof getInboundMessage>
  readonly listNumberRoutes: Bound<typeof listNumberRoutes>
  readonly addOptOuts: Bound<typeof addOptOuts>
  readonly removeOptOut: Bound<typeof removeOptOut>
  readonly listOptOuts: Bound<typeof listOptOuts>
  readonly customersWithOptOuts: Bound<typeof customersWithOptOuts>
  readonly findOptedOut: Bound<typeof findOptedOut>
  readonly findWaitingOptedOut: Bound<typeof findWaitingOptedOut>
  readonly claimWebhooks: Bound<typeof claimWebhooks>
  readonly settleWebhooks: Bound<typeof settleWebhooks>
  readonly changeWebhook: Bound<typeof changeWebhook>
  readonly createWebhook: Bound<typeof createWebhook>
  readonly getWebhook: Bound<typeof getWebhook>
  readonly listWebhooks: Bound<typeof listWebhooks>
  readonly removeWebhook: Bound<typeof removeWebhook>
  readonly rotateWebhookSecret: Bound<typeof rotateWebhookSecret>
  readonly setWebhookDisabled: Bound<typeof setWebhookDisabled>
  readonly enqueueWebhookEvents: Bound<typeof enqueueWebhookEvents>
  readonly listDeliveriesOfMessage: Bound<typeof listDeliveriesOfMessage>
  readonly listWebhookDeliveries: Bound<typeof listWebhookDeliveries>
  readonly replayFailedWebhooks: Bound<typeof replayFailedWebhooks>
  readonly replayWebhookDelivery: Bound<typeof replayWebhookDelivery>
  readonly testWebhook: Bound<typeof testWebhook>
  readonly disableBacklog: Bound<typeof disableBacklog>
  readonly measureWebhooks: Bound<typeof measureWebhooks>
  readonly removeOldWebhooks: Bound<typeof removeOldWebhooks>
  readonly createPartitions: Bound<typeof createPartitions>
  readonly dropPartitions: Bound<typeof dropPartitions>
  /** Resolves when the primary answers and takes writes. */
  ping(): Promise<void>
}

export interface StoreOptions {
  readonly database: Database
  readonly replicaLag: ReplicaLag
  readonly onRead: (target: ReadTarget) => void
  /** Reports have brought these messages to their end. */
  readonly onReported: (moved: readonly ReportedMessage[]) => void
  /** These parked reports are gone: they found no message in time. */
  readonly onGivenUp: (reports: readonly GivenUpReport[]) => void
}

export function createStore(options: StoreOptions): Store {
  const { database, replicaLag, onRead } = options
  function reported<T extends ReportsApplied>(applied: T): T {
    if (applied.moved.length > 0) options.onReported(applied.moved)
    return applied
  }
  return {
    ...createPrivacyStore(database),
    queries: createMessageQueries(database, replicaLag, onRead),
    insertMessages: (...rest) => insertMessages(database.write, ...rest),
    cancelMessage: (...rest) => cancelMessage(database.write, ...rest),
    insertRequests: (...rest) => insertRequests(database.write, ...rest),
    findKeyed: (...rest) => findKeyed(database.readPrimary, ...rest),
    removeOldKeys: (...rest) => removeOldKeys(database.write, ...rest),
    claimMessages: (...rest) => claimMessages(database.write, ...rest),
    reassignMessages: (...rest) => reassignMessages(database.write, ...rest),
    settleSent: (...rest) => settleSent(database.write, ...rest),
    settleUnsent: (...rest) => settleUnsent(database.write, ...rest),
    applyReports: async (...rest) => reported(await applyReports(database.write, ...rest)),
    async checkParkedReports(...rest) {
      const checked = reported(await checkParkedReports(database.write, ...rest))
      if (checked.givenUp.length > 0) options.onGivenUp(checked.givenUp)
      return checked
    },
    sweepLane: (...rest) => sweepLane(database.write, ...rest),
    promoteDue: (...rest) => promoteDue(database.write, ...rest),
    expediteLost: (...rest) => expediteLost(database.write, ...rest),
    endAbandonedSessions: (...rest) => endAbandonedSessions(database.write, ...rest),
    listDeadLetters: (...rest) => listDeadLetters(database.readPrimary, ...rest),
    getDeadLetter: (...rest) => getDeadLetter(database.readPrimary, ...rest),
    measureDeadLetters: (...rest) => measureDeadLetters(database.readPrimary, ...rest),
    replayDeadLetters: (...rest) => replayDeadLetters(database.write, ...rest),
    purgeDeadLetters: (...rest) => purgeDeadLetters(database.write, ...rest),
    listParkedReports: (...rest) => listParkedReports(database.readPrimary, ...rest),
    measureParkedReports: (...rest) => measureParkedReports(database.readPrimary, ...rest),
    listProviderControls: (...rest) => listProviderControls(database.write, ...rest),
    setProviderControl: (...rest) => setProviderControl(database.write, ...rest),
    setProviderWeight: (...rest) => setProviderWeight(database.write, ...rest),
    openConsoleSession: (...rest) => openConsoleSession(database.write, ...rest),
    findConsoleSession: (...rest) => findConsoleSession(database.readPrimary, ...rest),
    endConsoleSession: (...rest) => endConsoleSession(database.write, ...rest),
    createCustomer: (...rest) => createCustomer(database.write, ...rest),
    listCustomers: (...rest) => listCustomers(database.readPrimary, ...rest),
    setCustomerDisabled: (...rest) => setCustomerDisabled(database.write, ...rest),
    updateCustomer: (...rest) => updateCustomer(database.write, ...rest),
    getCustomer: (...rest) => getCustomer(database.readPrimary, ...rest),
    findCustomerProfiles: (...rest) => findCustomerProfiles(database.readPrimary, ...rest),
    hasCustomerRouting: (...rest) => hasCustomerRouting(database.readPrimary, ...rest),
    createApiKey: (...rest) => createApiKey(database.write, ...rest),
    rotateApiKey: (...rest) => rotateApiKey(database.write, ...rest),
    revokeApiKey: (...rest) => revokeApiKey(database.write, ...rest),
    listApiKeys: (...rest) => listApiKeys(database.readPrimary, ...rest),
    findApiKeys: (...rest) => findApiKeys(database.readPrimary, ...rest),
    touchApiKeys: (...rest) => touchApiKeys(database.write, ...rest),
    hasApiKeys: (...rest) => hasApiKeys(database.readPrimary, ...rest),
    setAccount: (...rest) => setAccount(database.write, ...rest),
    enterInLedger: (...rest) => enterInLedger(database.write, ...rest),
    setPriceList: (...rest) => setPriceList(database.write, ...rest),
    getAccount: (...rest) => getAccount(database.readPrimary, ...rest),
    listLedger: (...rest) => listLedger(database.readPrimary, ...rest),
    auditLedger: (...rest) => auditLedger(database.readPrimary, ...rest),
    findPriceLists: (...rest) => findPriceLists(database.readPrimary, ...rest),
    findPriceListVersions: (...rest) => findPriceListVersions(database.readPrimary, ...rest),
    takeInbound: (...rest) => takeInbound(database.write, ...rest),
    giveUpParts: (...rest) => giveUpParts(database.write, ...rest),
    forgetInbound: (...rest) => forgetInbound(database.write, ...rest),
    listInboundMessages: (...rest) => listInboundMessages(database.readPrimary, ...rest),
    getInboundMessage: (...rest) => getInboundMessage(database.readPrimary, ...rest),
    listNumberRoutes: (...rest) => listNumberRoutes(database.readPrimary, ...rest),
    addOptOuts: (...rest) => addOptOuts(database.write, ...rest),
    removeOptOut: (...rest) => removeOptOut(database.write, ...rest),
    listOptOuts: (...rest) => listOptOuts(database.readPrimary, ...rest),
    customersWithOptOuts: (...rest) => customersWithOptOuts(database.readPrimary, ...rest),
    findOptedOut: (...rest) => findOptedOut(database.readPrimary, ...rest),
    findWaitingOptedOut: (...rest) => findWaitingOptedOut(database.readPrimary, ...rest),
    claimWebhooks: (...rest) => claimWebhooks(database.write, ...rest),
    settleWebhooks: (...rest) => settleWebhooks(database.write, ...rest),
    changeWebhook: (...rest) => changeWebhook(database.write, ...rest),
    createWebhook: (...rest) => createWebhook(database.write, ...rest),
    getWebhook: (...rest) => getWebhook(database.readPrimary, ...rest),
    listWebhooks: (...rest) => listWebhooks(database.readPrimary, ...rest),
    removeWebhook: (...rest) => removeWebhook(database.write, ...rest),
    rotateWebhookSecret: (...rest) => rotateWebhookSecret(database.write, ...rest),
    setWebhookDisabled: (...rest) => setWebhookDisabled(database.write, ...rest),
    enqueueWebhookEvents: (...rest) => enqueueWebhookEvents(database.write, ...rest),
    listDeliveriesOfMessage: (...rest) => listDeliveriesOfMessage(database.readPrimary, ...rest),
    listWebhookDeliveries: (...rest) => listWebhookDeliveries(database.readPrimary, ...rest),
    replayFailedWebhooks: (...rest) => replayFailedWebhooks(database.write, ...rest),
    replayWebhookDelivery: (...rest) => replayWebhookDelivery(database.write, ...rest),
    testWebhook: (...rest) => testWebhook(database.write, ...rest),
    disableBacklog: (...rest) => disableBacklog(database.write, ...rest),
    measureWebhooks: (...rest) => measureWebhooks(database.write, ...rest),
    removeOldWebhooks: (...rest) => removeOldWebhooks(database.write, ...rest),
    createPartitions: (...rest) => createPartitions(database.write, ...rest),
    dropPartitions: (...rest) => dropPartitions(database.write, ...rest),
    ping: () => database.ping(),
  }
}
