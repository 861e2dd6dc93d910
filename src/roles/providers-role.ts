/** `sms-gateway providers list|drain|disable|enable` */
import { orderAct, toProviderBodies } from '../api/provider-routes.ts'
import type { Environment } from '../config/config.ts'
import { type ProviderOrder, providerOrders } from '../domain/provider-mode.ts'
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
  const known = configFor(environment, 'admin').providers.map((provider) => provider.name)
  if (!known.includes(name)) {
    const those = known.length === 0 ? 'none is configured' : `there are: ${known.join(', ')}`
    throw new StartRefused(exitCodes.failure, `no provider ${name}; ${those}`)
  }
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
