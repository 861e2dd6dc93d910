/** `sms-gateway routes <phone>` */
import { createAddressCheck } from '../api/address-of-submit.ts'
import { findProfile, previewRoute } from '../api/routing-routes.ts'
import type { Environment } from '../config/config.ts'
import { printLine, withStore } from './admin-store.ts'
import { numberSettings } from './api-part.ts'
import { StartRefused } from './role-context.ts'
import { exitCodes } from './run-until-stopped.ts'
import { createTable } from './table.ts'

export interface RouteCommandOptions {
  readonly customer?: number
  readonly sender?: string
  readonly json: boolean
}

const table = createTable([
  ['RANK', 4],
  ['PROVIDER', 16],
  ['WEIGHT', 6],
  ['PRIORITY', 8],
  ['COST', 10],
  ['WHY NOT', 0],
])

/** By this configuration: what a reload of it would bring can be looked at before. */
export function runRoutePreview(
  environment: Environment,
  recipient: string,
  { customer, sender, json }: RouteCommandOptions,
): Promise<number> {
  return withStore(environment, async (store, config) => {
    const shown = previewRoute({
      providers: config.providers,
      controls: await store.listProviderControls(),
      profile: await findProfile(store, customer ?? null),
      addressCheck: createAddressCheck(numberSettings(config)),
      senderIdDefault: config.accept.senderIdDefault,
      message: { phone: recipient, sender_id: sender },
    })
    if (Array.isArray(shown)) {
      const lines = shown.map(({ detail, ...place }) => `${Object.values(place).join()} ${detail}`)
      throw new StartRefused(exitCodes.configuration, lines.join('\n'))
    }
    if (json) {
      printLine(JSON.stringify(shown))
      return exitCodes.ok
    }
    printLine(table.header)
    for (const { rank, provider, weight, priority, cost, why_not } of shown.candidates) {
      printLine(
        table.line([
          rank === null ? '-' : String(rank),
          provider,
          String(weight),
          String(priority),
          cost ?? '-',
          why_not ?? '',
        ]),
      )
    }
    printLine(`sender: ${shown.sender_id ?? 'none'}`)
    for (const reason of shown.reasons) printLine(reason)
    return exitCodes.ok
  })
}
