/** `sms-gateway operator`: the mock SMS provider, for development and load tests. */
import type { Config, Environment } from '../config/config.ts'
import { createOperator, identitiesDefault, type Operator } from '../operator/operator.ts'
import type { ProviderSettings } from '../providers/provider.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Registry } from '../runtime/metrics.ts'
import { listening } from './http-listener.ts'
import { startContext } from './role-context.ts'
import { runUntilStopped } from './run-until-stopped.ts'
import { stopMsMax } from './stopping.ts'

export const operatorListener = { name: 'operator', setting: 'OPERATOR_ADDR' }

export async function runOperator(environment: Environment): Promise<number> {
  const { config, log, registry } = startContext(environment, 'operator')
  const operator = operatorFor(config, config.providers, registry, log.logger)
  return await runUntilStopped({
    services: [operator],
    log,
    stopMsMax: stopMsMax(config),
    onStarted: () => log.logger.info({ event: 'operator.listening', port: operator.port }),
  })
}

/** Its identities are the short-form providers; each signs its reports with that provider's secret. */
export function operatorFor(
  config: Config,
  providers: readonly ProviderSettings[],
  registry: Registry,
  logger: Logger,
): Operator {
  const reportSecrets: Record<string, string> = {}
  for (const { name, secret } of providers) {
    if (identitiesDefault.includes(name) && secret !== null) reportSecrets[name] = secret
  }
  const { operatorAddress } = config
  const operator = createOperator({ ...operatorAddress, reportSecrets, registry, logger })
  return {
    name: operator.name,
    get port() {
      return operator.port
    },
    start: () => listening(operatorListener, operatorAddress, () => operator.start()),
    stop: () => operator.stop(),
  }
}
