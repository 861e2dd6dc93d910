/** For unit tests of the API: stores of administration that hold nothing and change nothing. */
import type { ApiOptions } from '../../src/api/api-options.ts'

export const customersUnchanged = {
  createCustomer: async () => null,
  listCustomers: async () => [],
  setCustomerDisabled: async () => null,
  updateCustomer: async () => null,
  getCustomer: async () => null,
  createApiKey: async () => null,
  rotateApiKey: async () => null,
  revokeApiKey: async () => null,
  listApiKeys: async () => [],
  findPriceLists: async () => new Map(),
  findPriceListVersions: async () => new Map(),
} satisfies Partial<ApiOptions['customers']>

export const noDeadLetters: ApiOptions['deadLetters'] = {
  listDeadLetters: async () => [],
  getDeadLetter: async () => null,
  replayDeadLetters: async (ids) => [...ids],
  purgeDeadLetters: async (ids) => [...ids],
}

export const noAccounts: ApiOptions['accounts'] = {
  getCustomer: async () => null,
  setAccount: async () => null,
  getAccount: async () => null,
  enterInLedger: async () => null,
  listLedger: async () => [],
  setPriceList: async () => null,
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
  listWebhookDeliveries: async () => [],
  replayWebhookDelivery: async () => null,
  replayFailedWebhooks: async () => ({ replayed: 0, more: false }),
  testWebhook: async () => null,
}
