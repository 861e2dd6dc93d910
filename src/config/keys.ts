/**
 * Every setting: its environment variable, what it takes, its default, what it is for. `docs/configuration.md` and
 * `.env.example` are generated from these tables by `scripts/configuration-docs.ts`.
 */
import { limits, pumpingGuard } from './keys/limit-keys.ts'
import { accept, circuit, processing } from './keys/message-keys.ts'
import { numbers } from './keys/number-keys.ts'
import { providers, providersFile } from './keys/provider-keys.ts'
import { postgres, redis, servers } from './keys/server-keys.ts'
import { tracing } from './keys/tracing-keys.ts'
import { webhooks } from './keys/webhook-keys.ts'
import type { Setting } from './setting.ts'

export interface SettingGroup {
  readonly title: string
  readonly settings: readonly Setting<unknown>[]
}

/** In the order in which they are documented and printed. */
export const groups: readonly SettingGroup[] = [
  { title: 'Addresses and processes', settings: Object.values(servers) },
  { title: 'PostgreSQL', settings: Object.values(postgres) },
  { title: 'Redis and the queue', settings: Object.values(redis) },
  { title: 'Accepting messages', settings: Object.values(accept) },
  { title: 'Limits of customers', settings: Object.values(limits) },
  { title: 'Guard against pumped traffic', settings: Object.values(pumpingGuard) },
  { title: 'Recipients', settings: Object.values(numbers) },

  { title: 'Processing', settings: Object.values(processing) },
  { title: 'Circuit breaker', settings: Object.values(circuit) },
  { title: 'Webhooks', settings: Object.values(webhooks) },
  { title: 'Tracing', settings: Object.values(tracing) },
  {
    title: 'Providers',
    settings: [...Object.values(providers).flatMap((keys) => Object.values(keys)), providersFile],
  },
]

export const allSettings: readonly Setting<unknown>[] = groups.flatMap((group) => group.settings)
