/** Where a listing goes on. Opaque to clients: the 16 bytes of the last id shown, in base64url (RFC 4648 §5). */
import type { MessageId } from '../domain/message.ts'
import { isMessageId } from '../domain/message-id.ts'

const cursorPattern = /^[A-Za-z0-9_-]{22}$/

export function encodeCursor(lastShown: MessageId): string {
  return Buffer.from(lastShown.replaceAll('-', ''), 'hex').toString('base64url')
}

/** The id the next page begins below, or null when this is no cursor of ours. */
export function decodeCursor(cursor: string): MessageId | null {
  if (!cursorPattern.test(cursor)) return null
  const hex = Buffer.from(cursor, 'base64url').toString('hex')
  const steps = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)]
  const id = `${steps.join('-')}-${hex.slice(20)}`
  return isMessageId(id) ? id : null
}
