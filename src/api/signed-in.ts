/** Who a request comes from, once that is known. */
import type { Scope } from '../domain/api-key.ts'

export interface Caller {
  /** What is sent, read and listed is this customer's; null: any customer's. */
  readonly customerId: number | null
  /** Somebody on this machine, while there are no keys. */
  readonly isKeyless?: true
  /** Of the API key, where there is one. */
  readonly keyPrefix?: string
  /** Whoever has the admin token. */
  readonly isAdminToken?: true
}

/** A caller with what it may do, found out before the route is asked. */
export interface SignedIn {
  readonly caller: Caller
  readonly scopes: readonly Scope[]
}
