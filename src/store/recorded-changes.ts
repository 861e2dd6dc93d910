/** What those who administer change: done through `Store.recorded`, so that the audit log has it. */
import type { Sql } from 'postgres'
import { enterInLedger, setAccount } from './accounts.ts'
import { createApiKey, revokeApiKey, rotateApiKey } from './api-keys.ts'
import { openConsoleSession } from './console-sessions.ts'
import { createCustomer, setCustomerDisabled, updateCustomer } from './customers.ts'
import { purgeDeadLetters, replayDeadLetters } from './dead-letters.ts'
import { requestErasure } from './erasures.ts'
import { createNumberRoute, deleteNumberRoute } from './number-routes.ts'
import { setPriceList } from './price-lists.ts'
import { setProviderControl, setProviderWeight } from './provider-controls.ts'

type Rest<F> = F extends (sql: Sql, ...rest: infer A) => infer R ? (...rest: A) => R : never

const changes = {
  createCustomer,
  updateCustomer,
  setCustomerDisabled,
  createApiKey,
  rotateApiKey,
  revokeApiKey,
  setProviderControl,
  setProviderWeight,
  openConsoleSession,
  setAccount,
  enterInLedger,
  setPriceList,
  replayDeadLetters,
  purgeDeadLetters,
  requestErasure,
  createNumberRoute,
  deleteNumberRoute,
}

export type RecordedChanges = {
  readonly [K in keyof typeof changes]: Rest<(typeof changes)[K]>
}

/** All of them within one transaction. */
export function recordedChanges(sql: Sql): RecordedChanges {
  const bound = Object.entries(changes).map(([name, change]) => [
    name,
    (...rest: never[]) => (change as (sql: Sql, ...rest: never[]) => unknown)(sql, ...rest),
  ])
  return Object.fromEntries(bound) as RecordedChanges
}
