/** For unit tests of the API: stores of administration that hold nothing and change nothing. */

import type { ApiOptions } from '../../src/api/api-options.ts'
import type { Act, Actor } from '../../src/domain/audit.ts'
import { type CustomerProfile, unknownCustomer } from '../../src/domain/customer-settings.ts'
import type { KnownKey } from '../../src/store/api-keys.ts'
import type { ProviderControl } from '../../src/store/provider-controls.ts'
import type { RecordedChanges } from '../../src/store/recorded-changes.ts'
import type { Store } from '../../src/store/store.ts'

export const customersUnchanged = {
  listCustomers: async () => [],
  getCustomer: async () => null,
  listApiKeys: async () => [],
  touchApiKeys: async () => undefined,
  findPriceLists: async () => new Map(),
  findPriceListVersions: async () => new Map(),
} satisfies Partial<ApiOptions['customers']>

/** What is looked up at every request. */
export function lookUps(
  known: {
    readonly profiles: Map<number, CustomerProfile>
    readonly keys: Map<string, KnownKey>
  },
  failIf: (name: 'profiles' | 'keys') => void,
): Pick<ApiOptions['customers'], 'findCustomerProfiles' | 'findApiKeys' | 'hasApiKeys'> {
  return {
    async findCustomerProfiles(ids) {
      failIf('profiles')
      return new Map(
        ids.map((id) => [id, known.profiles.get(id) ?? { ...unknownCustomer(id), isKnown: true }]),
      )
    },
    async findApiKeys(prefixes) {
      failIf('keys')
      return new Map([...known.keys].filter(([prefix]) => prefixes.includes(prefix)))
    },
    async hasApiKeys() {
      failIf('keys')
      return known.keys.size > 0
    },
  }
}

export const noDeadLetters: Omit<ApiOptions['deadLetters'], 'recorded'> = {
  listDeadLetters: async () => [],
  getDeadLetter: async () => null,
}

export const nothingChanges: Omit<RecordedChanges, 'setProviderControl' | 'setProviderWeight'> = {
  openConsoleSession: async () => undefined,
  createCustomer: async () => null,
  setCustomerDisabled: async () => null,
  updateCustomer: async () => null,
  createApiKey: async () => null,
  rotateApiKey: async () => null,
  revokeApiKey: async () => null,
  setAccount: async () => null,
  enterInLedger: async () => null,
  setPriceList: async () => null,
  replayDeadLetters: async (ids) => [...ids],
  purgeDeadLetters: async (ids) => [...ids],
  createNumberRoute: async () => 'no_customer',
  deleteNumberRoute: async () => null,
  requestErasure: async ({ id, customerId, phoneMasked }) => ({
    id,
    customerId,
    phoneMasked,
    requestedAt: new Date(),
    pending: 0,
    redacted: 0,
    canceled: 0,
    finishedAt: null,
  }),
}

export function controlsInto(
  controls: Map<string, ProviderControl>,
  changedAt: Date,
  failIfToldTo: () => void,
): Pick<RecordedChanges, 'setProviderControl' | 'setProviderWeight'> {
  return {
    async setProviderControl(provider, mode, note) {
      failIfToldTo()
      const weight = controls.get(provider)?.weight ?? null
      const control = { provider, mode, weight, note, changedAt }
      controls.set(provider, control)
      return control
    },
    async setProviderWeight(provider, weight) {
      failIfToldTo()
      const before = controls.get(provider)
      const { mode, note } = before ?? { mode: 'enabled' as const, note: null }
      const control = { provider, mode, weight, note, changedAt }
      controls.set(provider, control)
      return control
    },
  }
}

/** Does a change, and puts into `acts` what was recorded. */
export function recordedInto(
  acts: (Act & Actor)[],
  changes: RecordedChanges,
): Pick<Store, 'recorded'> {
  return {
    async recorded(by, change, actOf) {
      const result = await change(changes)
      const act = actOf(result)
      if (act !== null) acts.push({ ...by, ...act })
      return result
    },
  }
}

export const noAccounts: Omit<ApiOptions['accounts'], 'recorded'> = {
  getCustomer: async () => null,
  getAccount: async () => null,
  listLedger: async () => [],
  findPriceLists: async () => new Map(),
}

export const noWebhooks: ApiOptions['webhooks'] = {
  createWebhook: async () => null,
  listWebhooks: async () => [],
  getWebhook: async () => null,
  changeWebhook: async () => null,
  setWebhookDisabled: async () => null,
  rotateWebhookSecret: async () => null,
  removeWebhook: async () => false,
  listDeliveriesOfMessage: async () => [],
  listWebhookDeliveries: async () => [],
  replayWebhookDelivery: async () => null,
  replayFailedWebhooks: async () => ({ replayed: 0, more: false }),
  testWebhook: async () => null,
}
