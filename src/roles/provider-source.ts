/**
 * The providers in force in this process. SIGHUP reads PROVIDERS_FILE again; what environment variables say stays, because a
 * process cannot see another environment. A file with faults changes nothing.
 */
import {
  type Config,
  type Environment,
  type Fault,
  loadConfig,
  type Role,
} from '../config/config.ts'
import { providerDifferences } from '../config/provider-differences.ts'
import type { ProviderSettings } from '../providers/provider.ts'
import type { Logger } from '../runtime/logger.ts'

export interface ProviderSource {
  readonly current: readonly ProviderSettings[]
  /** Calls `apply` with every later set; it must not throw. */
  onChange(apply: (providers: readonly ProviderSettings[]) => void): void
}

export function fixedProviders(current: readonly ProviderSettings[]): ProviderSource {
  return { current, onChange: () => undefined }
}

/** Listens for the signal from now on: without a listener it would end the process. */
export function reloadedProviders(
  environment: Environment,
  role: Role,
  config: Config,
  logger: Logger,
): ProviderSource {
  const listeners: ((providers: readonly ProviderSettings[]) => void)[] = []
  let current = config.providers

  function reload(): void {
    const result = loadConfig(environment, role)
    const faults = result.ok ? lastOneFaults(result.config, role) : result.faults
    if (!result.ok || faults.length > 0) {
      logger.error({ event: 'providers.reload_failed', faults })
      return
    }
    const { providers } = result.config
    const differences = providerDifferences(current, providers)
    current = providers
    for (const apply of listeners) apply(providers)
    logger.info({ event: 'providers.reloaded', ...differences })
  }
  process.on('SIGHUP', reload)

  return {
    get current() {
      return current
    },
    onChange(apply) {
      listeners.push(apply)
    },
  }
}

/** Without providers `standalone` starts with its mock operator, which a reload cannot bring. */
function lastOneFaults({ providers }: Config, role: Role): readonly Fault[] {
  if (role !== 'standalone' || providers.length > 0) return []
  return [{ name: 'PROVIDERS_FILE', detail: 'must keep at least one provider' }]
}
