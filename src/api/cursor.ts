/** Where a listing goes on, after the last that was shown. Opaque to clients: a few bytes in base64url (RFC 4648 §5). */
import type { MessageId } from '../domain/message.ts'
import { isMessageId } from '../domain/message-id.ts'
import type { DeadLetterPosition } from '../store/dead-letters.ts'

/** The 16 bytes of an id. */
const cursorPattern = /^[A-Za-z0-9_-]{22}$/
/** 8 bytes of microseconds, 16 of an id. */
const deadLetterCursorPattern = /^[A-Za-z0-9_-]{32}$/

export function encodeCursor(lastShown: MessageId): string {
  return Buffer.from(lastShown.replaceAll('-', ''), 'hex').toString('base64url')
}

/** The id the next page begins below, or null when this is no cursor of ours. */
export function decodeCursor(cursor: string): MessageId | null {
  return cursorPattern.test(cursor) ? idOf(Buffer.from(cursor, 'base64url')) : null
}

export function encodeDeadLetterCursor({ deadAtUs, messageId }: DeadLetterPosition): string {
  const bytes = Buffer.alloc(8 + 16)
  bytes.writeBigUInt64BE(BigInt(deadAtUs))
  bytes.write(messageId.replaceAll('-', ''), 8, 'hex')
  return bytes.toString('base64url')
}

/** The place the next page begins after, or null when this is no cursor of ours. */
export function decodeDeadLetterCursor(cursor: string): DeadLetterPosition | null {
  if (!deadLetterCursorPattern.test(cursor)) return null
  const bytes = Buffer.from(cursor, 'base64url')
  const deadAtUs = Number(bytes.readBigUInt64BE())
  const messageId = idOf(bytes.subarray(8))
  return messageId === null || !Number.isSafeInteger(deadAtUs) ? null : { deadAtUs, messageId }
}

function idOf(bytes: Buffer): MessageId | null {
  const hex = bytes.toString('hex')
  const steps = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)]
  const id = `${steps.join('-')}-${hex.slice(20)}`
  return isMessageId(id) ? id : null
}
