/** Where a submitted message may go, and who it comes from when nothing else says. */
import type { CustomerSettings } from '../domain/customer-settings.ts'
import { hasRoute, type RouteTable } from '../domain/routing.ts'
import { maySendAs } from '../domain/sender-choice.ts'
import { senderFor } from '../domain/sender-pool.ts'
import type { SubmitCheck } from './submit-candidate.ts'

/** After the check of the addresses, which may have given it a sender. @param routes asked for each, because providers are reloaded */
export function routingChecks(routes: () => RouteTable): SubmitCheck[] {
  return [routeCheck(routes), senderPoolCheck]
}

/** A message that no configured provider may ever have is refused. */
function routeCheck(routes: () => RouteTable): SubmitCheck {
  return ({ submit, profile, pointer }, faults) => {
    const table = routes()
    const routing = profile.settings.routing ?? null
    if (!table.hasRules && routing?.providers === undefined) return
    if (hasRoute(table, { recipient: submit.phone, routing })) return
    const whom =
      routing?.providers === undefined ? 'no provider' : "none of the customer's providers"
    faults.push({
      pointer: `${pointer}/phone`,
      detail: `must be a number that there is a route to; ${whom} takes it`,
    })
  }
}

const senderPoolCheck: SubmitCheck = ({ submit, profile }) => {
  submit.sender_id ??= pooledSender(submit.phone, profile.settings)
}

/** Undefined: the customer has none that it may use. */
export function pooledSender(
  recipient: string,
  { routing, senders = {} }: CustomerSettings,
): string | undefined {
  const pool = routing?.sender_pool?.filter((sender) => maySendAs(senders, sender)) ?? []
  return senderFor(recipient, pool) ?? undefined
}
