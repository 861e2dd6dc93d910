/** What those who administer do, in words that stay. */

export const auditActions = [
  'customer.created',
  'customer.changed',
  'customer.disabled',
  'customer.enabled',
  'api_key.created',
  'api_key.rotated',
  'api_key.revoked',
  'provider.ordered',
  'provider.weighed',
  'console.signed_in',
  'account.set',
  'ledger.entered',
  'prices.set',
  'dead_letters.replayed',
  'dead_letters.purged',
  'erasure.requested',
  'inbound_route.created',
  'inbound_route.deleted',
] as const
export type AuditAction = (typeof auditActions)[number]

/** Entries are kept this long; a trigger keeps them from being removed before. */
export const auditKeptDays = 730

export interface Actor {
  /** `admin-token`, the prefix of an API key, or `cli:` and a user of the machine. */
  readonly actor: string
  /** Null: it was no request. */
  readonly requestId: string | null
}

/** One thing that was done. Holds no secret, no text and no number. */
export interface Act {
  readonly action: AuditAction
  /** What it was done to: a customer's id, a key's prefix, a provider's name. */
  readonly target: string
  readonly detail?: Readonly<Record<string, unknown>>
}
