/** A new API key: what its holder gets, and what is kept of it. */
import { randomBytes } from 'node:crypto'
import { newApiKey } from '../domain/api-key.ts'
import { sha256 } from './credentials.ts'

export interface IssuedKey {
  /** Shown once. */
  readonly key: string
  readonly prefix: string
  /** SHA-256 of the key. */
  readonly hash: Uint8Array
}

export function issueKey(): IssuedKey {
  const { key, prefix } = newApiKey(randomBytes)
  return { key, prefix, hash: sha256(key) }
}
