/** The sender of a message that names none, when its customer has several: the same recipient sees the same one always. */
import { rankByKey } from './rendezvous.ts'

/** Null when the pool is empty. */
export function senderFor(recipient: string, pool: readonly string[]): string | null {
  const senders = pool.map((name) => ({ name, weight: 1 }))
  return rankByKey(recipient, senders)[0]?.name ?? null
}
