/** `sms-gateway providers list|drain|disable|enable` */
import { toProviderBodies } from '../api/provider-routes.ts'
import type { Environment } from '../config/config.ts'
import { type ProviderOrder, providerOrders } from '../domain/provider-mode.ts'
import { printLine, withStore } from './admin-store.ts'
import { configFor, StartRefused } from './role-context.ts'
import { exitCodes } from './run-until-stopped.ts'

export function runProviderList(environment: Environment, json: boolean): Promise<number> {
  return withStore(environment, async (store, { providers }) => {
    const shown = toProviderBodies(providers, await store.listProviderControls())
    if (!json && shown.length === 0) printLine('no providers are configured')
    for (const provider of shown) {
      const { name, weight, mode, note, changed_at } = provider
      const changed = changed_at === null ? '' : `  since ${changed_at}`
      const why = note === null ? '' : `  ${note}`
      printLine(
        json ? JSON.stringify(provider) : `${name}  ${mode}  weight ${weight}${changed}${why}`,
      )
    }
    return exitCodes.ok
  })
}

/** For all processes. @throws StartRefused naming the providers there are, when this is none of them */
export async function runProviderOrder(
  environment: Environment,
  order: ProviderOrder,
  name: string,
  note: string | null,
): Promise<number> {
  const known = configFor(environment, 'admin').providers.map((provider) => provider.name)
  if (!known.includes(name)) {
    const those = known.length === 0 ? 'none is configured' : `there are: ${known.join(', ')}`
    throw new StartRefused(exitCodes.failure, `no provider ${name}; ${those}`)
  }
  return await withStore(environment, async (store) => {
    const { mode } = await store.setProviderControl(name, providerOrders[order], note)
    printLine(`${name} is ${mode}, in every processor within two seconds`)
    return exitCodes.ok
  })
}
