/** `sms-gateway operator`: the mock SMS provider, for development and load tests. */
import { type Config, type Environment, shortFormSecrets } from '../config/config.ts'
import { createOperator, type Operator } from '../operator/operator.ts'
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
  const secrets = { ...shortFormSecrets(environment), ...secretsOf(config.providers) }
  const operator = operatorFor(config, secrets, registry, log.logger)
  return await runUntilStopped({
    services: [operator],
    log,
    stopMsMax: stopMsMax(config),
    onStarted: () => log.logger.info({ event: 'operator.listening', port: operator.port }),
  })
}

export function secretsOf(providers: readonly ProviderSettings[]): Record<string, string> {
  return Object.fromEntries(
    providers.flatMap(({ name, secret }) => (secret === null ? [] : [[name, secret]])),
  )
}

/**
 * Its identities are the short-form providers.
 *
 * @param reportSecrets by provider: what its reports are signed with
 */
export function operatorFor(
  config: Config,
  reportSecrets: Readonly<Record<string, string>>,
  registry: Registry,
  logger: Logger,
): Operator {
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
