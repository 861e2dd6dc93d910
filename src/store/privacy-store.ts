/** What the store does for privacy, and for the audit log. */
import type { Act, Actor } from '../domain/audit.ts'
import { forgetAuditLog, listAuditLog, recordedChange } from './audit-log.ts'
import type { Database } from './database.ts'
import {
  eraseInbound,
  findMessagesOf,
  forgetErasures,
  getErasure,
  moveErasure,
  takeErasure,
} from './erasures.ts'
import { type RecordedChanges, recordedChanges } from './recorded-changes.ts'
import {
  dropRedactionWaits,
  keepRedactionWaits,
  moveRedactionWalks,
  redactMessages,
  syncRedactionWalks,
  takeRedactionWaits,
  takeRedactionWalks,
} from './redactions.ts'

type Bound<F> = F extends (sql: infer _, ...rest: infer A) => infer R ? (...rest: A) => R : never

export interface PrivacyStore {
  readonly syncRedactionWalks: Bound<typeof syncRedactionWalks>
  readonly takeRedactionWalks: Bound<typeof takeRedactionWalks>
  readonly moveRedactionWalks: Bound<typeof moveRedactionWalks>
  readonly takeRedactionWaits: Bound<typeof takeRedactionWaits>
  readonly keepRedactionWaits: Bound<typeof keepRedactionWaits>
  readonly dropRedactionWaits: Bound<typeof dropRedactionWaits>
  readonly redactMessages: Bound<typeof redactMessages>
  readonly getErasure: Bound<typeof getErasure>
  readonly takeErasure: Bound<typeof takeErasure>
  readonly findMessagesOf: Bound<typeof findMessagesOf>
  readonly eraseInbound: Bound<typeof eraseInbound>
  readonly moveErasure: Bound<typeof moveErasure>
  readonly forgetErasures: Bound<typeof forgetErasures>
  readonly listAuditLog: Bound<typeof listAuditLog>
  readonly forgetAuditLog: Bound<typeof forgetAuditLog>
  /** Does one of `RecordedChanges` and writes into the audit log what was done and by whom, in one commit. */
  recorded<T>(
    by: Actor,
    change: (changes: RecordedChanges) => Promise<T>,
    actOf: (result: T) => Act | null,
  ): Promise<T>
}

export function createPrivacyStore(database: Database): PrivacyStore {
  return {
    syncRedactionWalks: (...rest) => syncRedactionWalks(database.write, ...rest),
    takeRedactionWalks: (...rest) => takeRedactionWalks(database.write, ...rest),
    moveRedactionWalks: (...rest) => moveRedactionWalks(database.write, ...rest),
    takeRedactionWaits: (...rest) => takeRedactionWaits(database.write, ...rest),
    keepRedactionWaits: (...rest) => keepRedactionWaits(database.write, ...rest),
    dropRedactionWaits: (...rest) => dropRedactionWaits(database.write, ...rest),
    redactMessages: (...rest) => redactMessages(database.write, ...rest),
    getErasure: (...rest) => getErasure(database.readPrimary, ...rest),
    takeErasure: (...rest) => takeErasure(database.write, ...rest),
    findMessagesOf: (...rest) => findMessagesOf(database.readPrimary, ...rest),
    eraseInbound: (...rest) => eraseInbound(database.write, ...rest),
    moveErasure: (...rest) => moveErasure(database.write, ...rest),
    forgetErasures: (...rest) => forgetErasures(database.write, ...rest),
    listAuditLog: (...rest) => listAuditLog(database.readPrimary, ...rest),
    forgetAuditLog: (...rest) => forgetAuditLog(database.write, ...rest),
    recorded: (by, change, actOf) =>
      recordedChange(database.write, by, (sql) => change(recordedChanges(sql)), actOf),
  }
}
