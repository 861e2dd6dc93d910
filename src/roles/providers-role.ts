/** `sms-gateway providers list|drain|disable|enable|weight` */
import { orderAct, toProviderBodies, weightAct } from '../api/provider-routes.ts'
import type { Environment } from '../config/config.ts'
import { type ProviderOrder, providerOrders } from '../domain/provider-mode.ts'
import type { ProviderSettings } from '../providers/provider.ts'
import { printLine, withStore } from './admin-store.ts'
import { commandActor } from './command-actor.ts'
import { configFor, StartRefused } from './role-context.ts'
import { exitCodes } from './run-until-stopped.ts'
import { createTable, timeWidth } from './table.ts'

const table = createTable([
  ['NAME', 16],
  ['MODE', 8],
  ['WEIGHT', 6],
  ['SINCE', timeWidth],
  ['NOTE', 0],
])

export function runProviderList(environment: Environment, json: boolean): Promise<number> {
  return withStore(environment, async (store, { providers }) => {
    const shown = toProviderBodies(providers, await store.listProviderControls())
    if (!json && shown.length === 0) printLine('no providers are configured')
    if (!json && shown.length > 0) printLine(table.header)
    for (const provider of shown) {
      const { name, weight, mode, note, changed_at } = provider
      printLine(
        json
          ? JSON.stringify(provider)
          : table.line([name, mode, String(weight), changed_at ?? '-', note ?? '']),
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
  requireProvider(environment, name)
  return await withStore(environment, async (store) => {
    const { mode } = await store.recorded(
      commandActor(),
      (changes) => changes.setProviderControl(name, providerOrders[order], note),
      orderAct,
    )
    printLine(`${name} is ${mode}, in every processor within two seconds`)
    return exitCodes.ok
  })
}

/** For all processes. @param weight null: the configured one again. @throws StartRefused as `runProviderOrder` */
export async function runProviderWeight(
  environment: Environment,
  name: string,
  weight: number | null,
): Promise<number> {
  const configured = requireProvider(environment, name).weight
  return await withStore(environment, async (store) => {
    await store.recorded(
      commandActor(),
      (changes) => changes.setProviderWeight(name, weight),
      weightAct,
    )
    const shown = weight === null ? `${configured}, as configured` : String(weight)
    printLine(`the weight of ${name} is ${shown}, in every processor within two seconds`)
    return exitCodes.ok
  })
}

/** @throws StartRefused naming the providers there are, when this is none of them */
function requireProvider(environment: Environment, name: string): ProviderSettings {
  const { providers } = configFor(environment, 'admin')
  const provider = providers.find((known) => known.name === name)
  if (provider !== undefined) return provider
  const names = providers.map((known) => known.name).join(', ')
  const those = names === '' ? 'none is configured' : `there are: ${names}`
  throw new StartRefused(exitCodes.failure, `no provider ${name}; ${those}`)
}
