/** Headers of a webhook: Standard Webhooks 1.0, signed by its official library. */
import { Webhook } from 'standardwebhooks'

/** By each secret a signature, so that a receiver that knows one of them can verify it. */
export function signedHeaders(
  id: string,
  payload: string,
  secrets: readonly string[],
  nowMs: number,
): Record<string, string> {
  const signatures = secrets.map((secret) => new Webhook(secret).sign(id, new Date(nowMs), payload))
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(nowMs / 1_000)),
    'webhook-signature': signatures.join(' '),
  }
}
