/** What the audit log says of changes to customers and keys; by the API and by commands alike. */
import type { Act } from '../domain/audit.ts'
import type { ApiKey } from '../store/api-keys.ts'
import type { Customer, CustomerChange } from '../store/customers.ts'

type ActOf<T> = (done: T | null) => Act | null

const ofCustomer =
  (action: Act['action'], detail: Act['detail'] = {}): ActOf<Customer> =>
  (customer) =>
    customer && { action, target: String(customer.id), detail }

export const customerActs = {
  created: ofCustomer('customer.created'),
  disabled: ofCustomer('customer.disabled'),
  enabled: ofCustomer('customer.enabled'),
  /** Names what was changed, and no values: there may be secrets among them. */
  changed: ({ name, settings }: CustomerChange): ActOf<Customer> =>
    ofCustomer('customer.changed', {
      name: name !== undefined,
      settings: Object.entries(settings ?? {}).map(([section, value]) =>
        value === null ? `${section} removed` : section,
      ),
    }),
}

export const keyActs = {
  created: (key: ApiKey | null): Act | null =>
    key && {
      action: 'api_key.created',
      target: key.prefix,
      detail: {
        customer_id: key.customerId,
        scopes: key.scopes,
        expires_at: key.expiresAt?.toISOString() ?? null,
      },
    },
  rotated:
    (old: string, overlap_s: number) =>
    (successor: ApiKey | null): Act | null =>
      successor && {
        action: 'api_key.rotated',
        target: old,
        detail: { successor: successor.prefix, overlap_s },
      },
  revoked: (key: ApiKey | null): Act | null =>
    key && { action: 'api_key.revoked', target: key.prefix },
}
