/** Headers of a webhook: Standard Webhooks 1.0, signed by its official library. */
import { Webhook } from 'standardwebhooks'

/** By each secret a signature, so that a receiver that knows one of them can verify it. */
export function signedHeaders(
  id: string,
  payload: string,
  secrets: readonly string[],
  attemptedAtMs: number,
): Record<string, string> {
  const signatures = secrets.map((secret) =>
    new Webhook(secret).sign(id, new Date(attemptedAtMs), payload),
  )
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(attemptedAtMs / 1_000)),
    'webhook-signature': signatures.join(' '),
  }
}
