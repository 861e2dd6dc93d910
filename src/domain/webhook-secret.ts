/** Secrets of webhooks: Standard Webhooks 1.0, "Signature scheme": `whsec_` and 24 to 64 random bytes in base64. */

const secretBytes = 32

/** @param randomBytes as many random bytes as it is asked for */
export function newWebhookSecret(randomBytes: (count: number) => Uint8Array): string {
  return `whsec_${Buffer.from(randomBytes(secretBytes)).toString('base64')}`
}
