/**
 * An API key as text: `sgw_<public>_<secret>`. The prefix, `sgw_<public>`, names the key in lists, logs and commands; the secret
 * is 256 random bits, which no fast hash gives away.
 */

/** What a key may be used for. `admin` is for staff alone: a customer's key cannot have it. */
export const scopes = ['send', 'read', 'admin'] as const
export type Scope = (typeof scopes)[number]

export const keyPrefixPattern = /^sgw_[a-z0-9]{12}$/
const keyPattern = /^(sgw_[a-z0-9]{12})_[A-Za-z0-9_-]{43}$/

export interface ApiKeyText {
  readonly prefix: string
  /** Shown once, kept nowhere. */
  readonly key: string
}

/** @param randomBytes as many random bytes as it is asked for */
export function newApiKey(randomBytes: (count: number) => Uint8Array): ApiKeyText {
  // A byte's remainder by 36 is near enough to even: the prefix is a name, and no secret.
  const name = [...randomBytes(12)].map((byte) => (byte % 36).toString(36)).join('')
  const prefix = `sgw_${name}`
  return { prefix, key: `${prefix}_${Buffer.from(randomBytes(32)).toString('base64url')}` }
}

/** The prefix of what looks like a key, or null. */
export function keyPrefixOf(text: string): string | null {
  return keyPattern.exec(text)?.[1] ?? null
}
