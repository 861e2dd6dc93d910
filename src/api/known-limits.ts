/** The limits of customers in the form that messages are counted by: made once for many messages, because it is the same for them. */
import type { CustomerProfile, CustomerSettings } from '../domain/customer-settings.ts'
import {
  hasLimits,
  type LimitCounter,
  type PumpingGuard,
  quotasOf,
  type TrafficDefaults,
} from '../domain/traffic-limits.ts'
import { policyOf } from './limit-answers.ts'

export interface KnownLimits {
  /** Of the customer and of the API key. */
  readonly quotas: readonly LimitCounter[]
  /** As answers tell them. */
  readonly policy: string
  readonly guard: PumpingGuard
}

interface Kept {
  readonly customerId: number
  readonly keyPrefix: string | null
  readonly endsAtMs: number
  readonly limits: KnownLimits
}

/** Null: there is nothing that such messages are counted by. */
export type FindLimits = (
  profile: CustomerProfile,
  keyPrefix: string | null,
  nowMs: number,
) => KnownLimits | null

/** @param defaults for what a customer's own settings leave open */
export function createFindLimits(defaults: TrafficDefaults): FindLimits {
  const areThereDefaults = hasLimits(defaults)
  /** Those of the API key that was asked for last, as long as the settings they were made of are remembered. */
  const kept = new WeakMap<CustomerSettings, Kept>()

  return function findLimits({ id: customerId, settings }, keyPrefix, nowMs) {
    if (
      settings.limits === undefined &&
      settings.pumping_guard === undefined &&
      !areThereDefaults
    ) {
      return null
    }
    const known = kept.get(settings)
    if (
      known !== undefined &&
      known.keyPrefix === keyPrefix &&
      known.customerId === customerId &&
      nowMs < known.endsAtMs
    ) {
      return known.limits
    }
    const guard = { ...defaults.guard, ...settings.pumping_guard }
    const limits = { ...defaults.limits, ...settings.limits }
    const quotas = quotasOf({ customerId, keyPrefix }, limits, nowMs)
    const made = { quotas, policy: policyOf(quotas), guard }
    const endsAtMs = Math.min(...quotas.map((quota) => quota.endsAtMs ?? Number.POSITIVE_INFINITY))
    kept.set(settings, { customerId, keyPrefix, endsAtMs, limits: made })
    return made
  }
}
